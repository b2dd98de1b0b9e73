/**
 * Checks what would be published of each public workspace: that its entry points and files fit together (publint), that its
 * types resolve for those who import it (attw), and what is in the tarball: license and notice, sources of every source map,
 * links that work on npm, only dependencies that it names, and a size within its budget. Run by `npm run check`, after the build.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { parseSync } from 'oxc-parser'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

/** Largest tarball of each package and all of its files unpacked, in bytes. */
const budgets = {
  '@longshore/local-cloud': [270_000, 1_050_000],
  '@longshore/middleware-cloudfront': [220_000, 800_000],
  '@longshore/middleware-core': [440_000, 1_850_000],
  '@longshore/registry': [450_000, 1_800_000],
  '@longshore/s3-driver': [270_000, 1_050_000],
}

const repository = 'https://github.com/longshore/longshore/'
const directory = mkdtempSync(join(tmpdir(), 'longshore-packages-'))
process.on('exit', () => rmSync(directory, { recursive: true }))

const { workspaces } = readManifest('.')
const folders = workspaces.flatMap(workspace => {
  if (!workspace.endsWith('/*')) return [workspace]
  const parent = workspace.slice(0, -2)
  return readdirSync(parent).map(name => `${parent}/${name}`)
})
let problems = 0
for (const folder of folders.filter(name => existsSync(`${name}/package.json`)).toSorted()) {
  const manifest = readManifest(folder)
  if (manifest.private) continue
  const packed = pack(folder)
  const found = [
    ...(await fitTogether(folder)),
    ...typesResolve(join(directory, packed.filename)),
    ...hasFiles(packed, ['LICENSE', 'NOTICE', 'README.md']),
    ...isDescribed(folder, manifest),
    ...sourcesAreIn(folder, packed),
    ...linksWork(folder),
    ...importsAreNamed(folder, manifest, packed),
    ...isWithinBudget(manifest.name, packed),
  ]
  for (const problem of found) console.log(`${manifest.name}: ${problem}`)
  problems += found.length
  const kilobytes = [packed.size, packed.unpackedSize].map(bytes => `${Math.ceil(bytes / 1000)} kB`)
  console.log(`${manifest.name}: packed and checked; ${kilobytes[0]}, ${kilobytes[1]} unpacked`)
}
process.exitCode = problems === 0 ? 0 : 1

function readManifest(folder) {
  return JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
}

function pack(folder) {
  const args = ['pack', `./${folder}`, '--json', '--ignore-scripts', '--pack-destination', directory]
  const report = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))
  // npm 12 reports by package name, earlier ones a list.
  return Object.values(report)[0]
}

async function fitTogether(folder) {
  const { messages, pkg } = await publint({ pkgDir: folder, strict: true })
  return messages.map(message => formatMessage(message, pkg))
}

function typesResolve(tarball) {
  try {
    execFileSync('npx', ['attw', tarball, '--profile', 'esm-only', '--quiet'], { encoding: 'utf8', stdio: 'pipe' })
    return []
  } catch (error) {
    return [`${error.stdout}${error.stderr}`]
  }
}

function pathsIn(packed) {
  return packed.files.map(file => file.path)
}

function hasFiles(packed, wanted) {
  return wanted.filter(name => !pathsIn(packed).includes(name)).map(name => `${name} is not in the tarball`)
}

/** Checks the fields that npm's page of a package shows and its provenance is checked against. */
function isDescribed(folder, manifest) {
  const found = []
  if (manifest.repository?.directory !== folder) found.push(`repository.directory is not "${folder}"`)
  for (const field of ['description', 'keywords', 'homepage', 'bugs', 'license', 'engines']) {
    if (manifest[field] === undefined) found.push(`${field} is missing in package.json`)
  }
  return found
}

/** A map whose source is not there leaves a debugger, and an editor's "go to definition", nowhere. */
function sourcesAreIn(folder, packed) {
  const paths = new Set(pathsIn(packed))
  return [...paths]
    .filter(path => path.endsWith('.map'))
    .flatMap(path => {
      const { sources } = JSON.parse(readFileSync(join(folder, path), 'utf8'))
      const missing = sources.map(source => normalize(join(path, '..', source))).filter(source => !paths.has(source))
      return missing.map(
        source => `${path} names ${source}, which is not in the tarball; a leftover? Remove dist and build again`,
      )
    })
}

/** npm shows a README outside of the repository; what it names of the repository has to be there, too. */
function linksWork(folder) {
  const readme = readFileSync(`${folder}/README.md`, 'utf8')
  const links = [...readme.matchAll(/\]\(([^)\s]+)[^)]*\)|\b(?:src|href|srcset)="([^"]+)"|^\[[^\]]+\]: (\S+)/gm)]
  return links.flatMap(([, inline, attribute, reference]) => {
    const link = inline ?? attribute ?? reference
    if (!/^(?:https?:|mailto:|#)/.test(link)) return `README.md links to ${link}, which is nowhere on npm`
    if (!link.startsWith(repository)) return []
    const path = /^(?:blob|tree|raw)\/main\/([^#?]+)/.exec(link.slice(repository.length))?.[1]
    return path === undefined || existsSync(path) ? [] : `README.md links to ${path}, which is not in the repository`
  })
}

/** Everything that a file imports is one that npm installs along with it. */
function importsAreNamed(folder, manifest, packed) {
  const named = new Set([manifest.name, ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })])
  const files = pathsIn(packed).filter(
    path => /^(?:bin|dist)\/.*(?:\.js|\.d\.ts)$/.test(path) && !path.includes('/templates/'),
  )
  const imported = files.flatMap(path => importsOf(path, readFileSync(join(folder, path), 'utf8')))
  const others = imported
    .filter(name => !/^[./]/.test(name) && !isBuiltin(name))
    .map(name => /^(?:@[^/]+\/)?[^/]+/.exec(name)[0])
  return [...new Set(others)]
    .filter(name => !named.has(name))
    .map(name => `imports ${name}, which is no dependency of it`)
}

function importsOf(path, text) {
  const { staticImports, staticExports, dynamicImports } = parseSync(path, text).module
  const literals = dynamicImports.flatMap(
    ({ moduleRequest: { start, end } }) => /^'(.*)'$|^"(.*)"$/.exec(text.slice(start, end))?.slice(1) ?? [],
  )
  const requests = [...staticImports, ...staticExports.flatMap(({ entries }) => entries)].flatMap(
    ({ moduleRequest }) => moduleRequest?.value ?? [],
  )
  return [...requests, ...literals.filter(Boolean)]
}

function isWithinBudget(name, { size, unpackedSize }) {
  const [tarball, unpacked] = budgets[name] ?? [0, 0]
  return [
    ...(size > tarball ? [`the tarball has ${size} bytes; its budget is ${tarball}`] : []),
    ...(unpackedSize > unpacked ? [`unpacked it has ${unpackedSize} bytes; its budget is ${unpacked}`] : []),
  ]
}
