/**
 * Tells which source files run for a pushed chunk, a pull, and a configuration on its way to a stack: the counts in
 * docs/architecture.md. V8 counts the calls of each function while the registry's demo serves one request; source maps tell
 * the files. What ran before, such as the start and a first request that fills caches, is not counted.
 * Run by `npm run files-run`, after a build.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Session } from 'node:inspector/promises'
import { SourceMap } from 'node:module'
import { readFileSync } from 'node:fs'
import { basename, dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startDemo } from '../examples/registry/dist/cli/demo.js'
import { registrySettings } from '../examples/registry/dist/config/registry-settings.js'
import { startRegistry } from '../examples/registry/dist/start-registry.js'
import { createStorage, loadConfig } from '../packages/middleware-core/dist/index.js'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
const counted = /^(?:packages|examples)\//

const profiler = new Session()
profiler.connect()
await profiler.post('Profiler.enable')
await profiler.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

const silent = { request() {}, failure: console.error, info() {}, warn() {}, error: console.error }
const demo = await startDemo({ host: '127.0.0.1', port: 0 }, () => {}, false)
try {
  await printFiles('A configuration on its way to a stack', async () => {
    const storage = await createStorage(await loadConfig(demo.configFile, { env: {} }))
    return () => storage[Symbol.asyncDispose]()
  })
  const config = await loadConfig(demo.configFile, { env: {} })
  const registry = await startRegistry(config, registrySettings(config), { address: {}, log: silent })
  try {
    const base = `http://${registry.authority}/v2/demo/app/blobs`
    const blob = randomBytes(1024)
    const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`
    const next = await push(base, blob)
    await send('PUT', `${next}${next.includes('?') ? '&' : '?'}digest=${digest}`)
    const upload = (await send('POST', `${base}/uploads/`)).headers.get('location')
    await printFiles('A pushed chunk: PATCH', () => send('PATCH', new URL(upload, base), blob))
    await send('GET', `${base}/${digest}`)
    await printFiles('A pull that is redirected: GET', () => send('GET', `${base}/${digest}`))
  } finally {
    await registry[Symbol.asyncDispose]()
  }
} finally {
  await demo[Symbol.asyncDispose]()
}

/** Pushes a blob but for its commit, and gives the address to commit it at. */
async function push(base, blob) {
  const started = await send('POST', `${base}/uploads/`)
  const patched = await send('PATCH', new URL(started.headers.get('location'), base), blob)
  return String(new URL(patched.headers.get('location'), base))
}

async function send(method, url, body) {
  const content = body && { body, headers: { 'content-type': 'application/octet-stream' } }
  const response = await fetch(url, { method, redirect: 'manual', ...content })
  await response.arrayBuffer()
  if (response.status >= 400) throw new Error(`${method} ${url}: ${response.status}`)
  return response
}

/** Prints the files of a walk by folder. `run` may give a function that ends what it started. */
async function printFiles(title, run) {
  await profiler.post('Profiler.takePreciseCoverage')
  const end = await run()
  const { result } = await profiler.post('Profiler.takePreciseCoverage')
  if (typeof end === 'function') await end()
  const files = new Set(result.flatMap(sourcesOf))
  const folders = new Map()
  for (const file of files) folders.set(dirname(file), [...(folders.get(dirname(file)) ?? []), basename(file)])
  console.log(`\n${title}: ${files.size} files in ${folders.size} folders`)
  for (const [folder, names] of folders) console.log(`  ${folder}: ${names.join(', ')}`)
}

function sourcesOf({ url, functions }) {
  const file = url.startsWith('file:') ? fileURLToPath(url) : ''
  if (!counted.test(relative('.', file))) return []
  // The first function of a script is the script itself, which ran when it was loaded.
  const offsets = functions
    .map(({ ranges }) => ranges[0])
    .filter(range => range.count > 0 && range.startOffset > 0)
    .map(range => range.startOffset)
  if (offsets.length === 0) return []
  const code = readFileSync(file, 'utf8')
  const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))
  return offsets.flatMap(offset => {
    const before = code.slice(0, offset).split('\n')
    const { originalSource } = map.findEntry(before.length - 1, before.at(-1).length)
    const source = originalSource && relative('.', resolve(dirname(file), originalSource))
    return source && counted.test(source) ? [source] : []
  })
}
