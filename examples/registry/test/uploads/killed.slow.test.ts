import { EventEmitter, on } from 'node:events'
import { connect } from 'node:net'
import { type RequestRecord, startLocalCloud } from '@longshore/local-cloud'
import { expect, it } from '@jest/globals'
import { content, digestOf, patch, pulled, put, startUpload } from '../support/client.ts'
import { cloudConfig } from '../support/cloud.ts'
import { readyAt, workplace } from '../support/program.ts'

const here = workplace()

it('continues on another node an upload whose node was killed, from where that says', async () => {
  const s3Requests = new EventEmitter<{ done: [RequestRecord] }>()
  await using cloud = await startLocalCloud({ s3: { onRequest: record => s3Requests.emit('done', record) } })
  const file = await here.configure(cloudConfig(cloud))
  const doomed = here.start('--config', file)
  const [url, other] = await Promise.all([doomed, here.start('--config', file)].map(readyAt))
  const bytes = content(20_000_000)
  const location = await startUpload({ url: url! })
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
  await doomed.ended

  const elsewhere = location.replace(url!, other!)
  const range = (await fetch(elsewhere)).headers.get('range') ?? ''
  const size = Number(range.slice(2)) + 1
  expect(size).toBeGreaterThanOrEqual(2 * 5 * 1024 * 1024)
  expect(size).toBeLessThanOrEqual(12_000_000)
  expect((await patch(elsewhere, bytes.subarray(size), `${size}-${bytes.length - 1}`)).status).toBe(202)
  expect((await put(elsewhere, digestOf(bytes))).status).toBe(201)
  expect(await pulled({ url: other! }, digestOf(bytes))).toBe(digestOf(bytes))
})
