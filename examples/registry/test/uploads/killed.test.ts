import { spawn } from 'node:child_process'
import { EventEmitter, on, once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RequestRecord, startLocalCloud } from '@longshore/local-cloud'
import { expect, it } from '@jest/globals'
import { content, digestOf, patch, pulled, put, startUpload } from './support.ts'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** A node as a process of its own. */
async function startNode(configFile: string) {
  const child = spawn(process.execPath, [main, '--config', configFile], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  for await (const [chunk] of on(child.stdout, 'data')) {
    output += String(chunk)
    const [, authority] = /http:\/\/(\S+)\/v2\/[^]*Ready/.exec(output) ?? []
    if (authority !== undefined) return { child, url: `http://${authority}` }
  }
  throw new Error(`not started: ${output}`)
}

it('continues on another node an upload whose node was killed, from where that says', async () => {
  const s3Requests = new EventEmitter<{ done: [RequestRecord] }>()
  await using cloud = await startLocalCloud({ s3: { onRequest: record => s3Requests.emit('done', record) } })
  const directory = await mkdtemp(join(tmpdir(), 'registry-killed-'))
  const configFile = join(directory, 'config.yml')
  const { bucket, region, credentials } = cloud
  await writeFile(
    configFile,
    `http: { addr: 127.0.0.1:0 }
storage:
  s3:
    bucket: ${bucket}
    region: ${region}
    regionendpoint: ${cloud.s3.endpoint}
    forcepathstyle: true
    accesskey: ${credentials.accessKeyId}
    secretkey: ${credentials.secretAccessKey}
    chunksize: ${5 * 1024 * 1024}
  redirect: { disable: true }
`,
  )
  const doomed = await startNode(configFile)
  const other = await startNode(configFile)
  try {
    const bytes = content(20_000_000)
    const location = await startUpload(doomed)
    const { pathname, port } = new URL(location)
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {})
    const parts = on(s3Requests, 'done')
    socket.write(`PATCH ${pathname} HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes.length}\r\n\r\n`)
    socket.write(bytes.subarray(0, 12_000_000))
    let stored = 0
    for await (const [record] of parts as AsyncIterable<[RequestRecord]>) {
      if (record.operation === 'UploadPart' && record.status === 200) stored += 1
      if (stored === 2) break
    }
    doomed.child.kill('SIGKILL')
    await once(doomed.child, 'exit')

    const elsewhere = location.replace(doomed.url, other.url)
    const range = (await fetch(elsewhere)).headers.get('range') ?? ''
    const size = Number(range.slice(2)) + 1
    expect(size).toBeGreaterThanOrEqual(2 * 5 * 1024 * 1024)
    expect(size).toBeLessThanOrEqual(12_000_000)
    expect((await patch(elsewhere, bytes.subarray(size), `${size}-${bytes.length - 1}`)).status).toBe(202)
    expect((await put(elsewhere, digestOf(bytes))).status).toBe(201)
    expect(await pulled(other, digestOf(bytes))).toBe(digestOf(bytes))
  } finally {
    doomed.child.kill('SIGKILL')
    other.child.kill('SIGKILL')
    await rm(directory, { recursive: true })
  }
})
