import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { UploadError, type UploadStore, uploadPath } from '@longshore/middleware-core/upload-client/node'
import { UploadRefusedError, createUploadService, serveNodeRequest } from '@longshore/middleware-core/upload-service'
import { content, part, useFixture } from './cloud.ts'

const fixture = useFixture()
const bytes = content(3 * part + 1000)

let directory: string
let file: string
let server: Server
let url: string
/** Bytes of requests that reached the service. */
let received = 0
/** Requests to the service that are answered 503 instead. */
let failures = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-upload-'))
  file = join(directory, 'größe 1.bin')
  await writeFile(file, bytes)
  const service = createUploadService(fixture.driver, {
    basePath: '/uploads',
    targetFor: ({ name, size }) => {
      if (size > 100 * part) throw new UploadRefusedError('too large', 413)
      return { path: `/inbox/${name}` }
    },
    isAllowed: (_, request) => request.headers.get('authorization') === 'Bearer yes',
  })
  server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (received += chunk.length))
    if (failures > 0) {
      failures--
      response.writeHead(503).end()
      return
    }
    void serveNodeRequest(service, request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/uploads`
})
afterEach(() => {
  received = failures = 0
})
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await rm(directory, { recursive: true })
})

class MemoryStore extends Map<string, string> implements UploadStore {
  getItem(key: string): string | null {
    return this.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.set(key, value)
  }
  removeItem(key: string): void {
    this.delete(key)
  }
}

const headers = { authorization: 'Bearer yes' }
const partsSent = (): number => fixture.cloud.s3.requests.count('UploadPart')

describe('the Node client', () => {
  it('uploads a file past the service', async () => {
    const progress: number[] = []
    const committed = await uploadPath(file, { url, headers, onProgress: sent => progress.push(sent) })
    expect(committed).toEqual({ path: '/inbox/größe 1.bin', size: bytes.length })
    expect(bytes.equals(await fixture.driver.getContent('/inbox/größe 1.bin'))).toBe(true)
    expect(progress.at(-1)).toBe(bytes.length)
    expect(received).toBeLessThan(2000)
  })

  it('goes on where an earlier process stopped', async () => {
    const store = new MemoryStore()
    const stop = new AbortController()
    const onProgress = (sent: number): void => {
      if (sent > part) stop.abort(new Error('the process ends'))
    }
    const first = uploadPath(file, { url, headers, store, concurrency: 1, signal: stop.signal, onProgress })
    await expect(first).rejects.toThrow('the process ends')
    const sentBefore = partsSent()
    expect(sentBefore).toBe(2)
    await uploadPath(file, { url, headers, store })
    expect(partsSent()).toBe(4)
    expect(bytes.equals(await fixture.driver.getContent('/inbox/größe 1.bin'))).toBe(true)
    expect(store.size).toBe(0)
  })

  it('tries again what a busy service or storage refused', async () => {
    failures = 1
    let refused = 0
    fixture.cloud.s3.faults.add(({ operation }) =>
      operation === 'UploadPart' && refused++ === 0 ? { kind: 'error' } : undefined,
    )
    await uploadPath(file, { url, headers })
    expect(bytes.equals(await fixture.driver.getContent('/inbox/größe 1.bin'))).toBe(true)
  })

  it('says why the service refused', async () => {
    const denied = uploadPath(file, { url })
    await expect(denied).rejects.toMatchObject({ name: 'UploadError', code: 'REFUSED', status: 403 })
    await expect(denied).rejects.toBeInstanceOf(UploadError)
  })
})

describe('the service', () => {
  const call = (path: string, method: string, body?: unknown): Promise<Response> =>
    fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })

  it('answers what it does not know in JSON, without details of the storage', async () => {
    expect((await call('/x.y', 'GET')).status).toBe(404)
    expect(await (await call('', 'POST', { name: '', size: 1 })).json()).toMatchObject({ code: 'REFUSED' })
    expect((await call('', 'GET')).status).toBe(405)
    expect((await call('', 'POST', { name: 'a', size: 101 * part })).status).toBe(413)
    const { id } = (await (await call('', 'POST', { name: 'a', size: 10 })).json()) as { id: string }
    expect((await call(`/${id}/parts`, 'POST', [{ number: 2, sha256: 'x' }])).status).toBe(400)
    expect((await call(`/${id}/commit`, 'POST')).status).toBe(409)
    expect((await call(`/${id}`, 'DELETE')).status).toBe(204)
    expect((await call(`/${id}`, 'GET')).status).toBe(404)
  })
})
