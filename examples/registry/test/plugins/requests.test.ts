import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import {
  type FileInfo,
  ForwardingDriver,
  type PutOptions,
  type StatOptions,
  StorageError,
  inmemory,
} from '@longshore/middleware-core'
import type { RequestReport } from '../../src/observability/request-report.ts'
import { Connection } from '../fuzz/connection.ts'
import {
  codesOf,
  content,
  digestOf,
  newManifest,
  pushBlob,
  putManifest,
  startUpload,
  withQuery,
} from '../support/client.ts'
import { sharedRegistry, startRegistry } from '../support/registry.ts'
import { until } from '../support/until.ts'

const registry = sharedRegistry()

/** Sends bytes that no HTTP client would send, and gives the answer. */
async function raw(request: string): Promise<string> {
  const socket = connect(registry.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.end(request)
  return text(socket)
}

describe('end-1: the base', () => {
  it.each(['/v2/', '/v2'])('%s says that this is a registry', async path => {
    const response = await fetch(registry.url + path)
    expect([response.status, await response.json()]).toEqual([200, {}])
    expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
    expect((await fetch(registry.url + path, { method: 'HEAD' })).status).toBe(200)
  })
})

describe('/, where load balancers and Helm charts ask', () => {
  it('says that somebody answers, and nothing else', async () => {
    for (const path of ['/', '/?probe=1']) {
      const response = await fetch(registry.url + path)
      expect([response.status, await response.text()]).toEqual([200, ''])
      expect(response.headers.get('cache-control')).toBe('no-cache')
      expect((await fetch(registry.url + path, { method: 'HEAD' })).status).toBe(200)
    }
    expect((await fetch(`${registry.url}/`, { method: 'POST' })).status).toBe(405)
  })
})

describe('names of repositories', () => {
  it.each(['a', 'a/b/c/d', 'a.b_c__d-e---f', 'blobs', 'a/blobs/uploads', 'manifests/tags', 'a'.repeat(255)])(
    'takes %s',
    async name => {
      const digest = await pushBlob(registry, content(), name)
      expect((await fetch(`${registry.url}/v2/${name}/blobs/${digest}`)).status).toBe(200)
    },
  )

  it('takes one that is percent-encoded, as Distribution does', async () => {
    const digest = await pushBlob(registry, content(), 'encoded/by%2Fa/client')
    for (const name of ['encoded/by/a/client', 'encoded%2Fby%2fa%2Fclient', '%65ncoded/by/a/client']) {
      expect((await fetch(`${registry.url}/v2/${name}/blobs/${digest}`)).status).toBe(200)
    }
  })

  it.each([
    'A',
    'a_',
    'a..b',
    'a___b',
    '-a',
    'a//b',
    'a/',
    'a%252Fb',
    'a%2F',
    'a%2F%2Fb',
    'Library/hello',
    '%2e%2e%2fetc',
    'a%00',
    'a%20b',
    '_uploads',
    'ü',
    'a'.repeat(256),
    'a'.repeat(5000),
  ])('refuses %s', async name => {
    for (const rest of ['tags/list', 'manifests/latest', `blobs/${digestOf('')}`]) {
      const response = await fetch(`${registry.url}/v2/${name}/${rest}`)
      expect([response.status, await codesOf(response)]).toEqual([400, ['NAME_INVALID']])
    }
    const response = await fetch(`${registry.url}/v2/${name}/blobs/uploads/`, { method: 'POST' })
    expect([response.status, await codesOf(response)]).toEqual([400, ['NAME_INVALID']])
  })
})

describe('a request whose target is a whole URL', () => {
  it.each(['http://registry.example', 'HTTPS://registry.example:5000', 'http://[::1]:5000', 'http://user:secret@x'])(
    'is answered: %s',
    async origin => {
      const reports: RequestReport[] = []
      await using own = await startRegistry({ onRequest: report => reports.push(report) })
      await putManifest(own, 'v1', await newManifest(own))
      reports.length = 0
      const connection = new Connection(own.port)
      const path = '/v2/library/hello/tags/list?n=5'
      connection.send(Buffer.from(`GET ${origin}${path} HTTP/1.1\r\nhost: x\r\n\r\n`))
      expect(await connection.answer('GET')).toMatchObject({
        status: 200,
        body: '{"name":"library/hello","tags":["v1"]}',
      })
      connection.destroy()
      await until(() => reports.length > 0)
      expect(reports).toMatchObject([{ url: path, route: '/v2/:name/tags/list' }])
    },
  )

  it.each([
    ['http://registry.example', 405],
    ['http://registry.example?a=b', 405],
    ['*', 404],
  ])('leads to no endpoint that has OPTIONS without a path: %s', async (target, status) => {
    const connection = new Connection(registry.port)
    connection.send(Buffer.from(`OPTIONS ${target} HTTP/1.1\r\nhost: x\r\n\r\n`))
    expect(await connection.answer('OPTIONS')).toMatchObject({ status })
    connection.destroy()
  })
})

describe('requests that lead nowhere', () => {
  it.each([
    ['GET', '/v3/'],
    ['GET', '/v2/a/unknown'],
    ['DELETE', '/v2/a/unknown'],
  ])('%s %s gets the error of the specification', async (method, path) => {
    const response = await fetch(registry.url + path, { method })
    expect([response.status, await codesOf(response)]).toEqual([404, ['UNSUPPORTED']])
    expect(response.headers.get('content-type')).toMatch('application/json')
  })

  it.each([
    ['POST', '/v2/a/tags/list', 'GET, HEAD'],
    ['DELETE', '/v2/', 'GET, HEAD'],
    ['POST', `/v2/a/blobs/${digestOf('')}`, 'DELETE, GET, HEAD'],
    ['PATCH', '/v2/a/manifests/latest', 'DELETE, GET, HEAD, PUT'],
    ['GET', '/v2/a/blobs/uploads/', 'POST'],
    ['POST', '/v2/a/blobs/uploads/0189cc2f-2f76-7b1e-a3b8-c94ee5f2a001', 'DELETE, GET, HEAD, PATCH, PUT'],
    ['OPTIONS', '/v2/a/b/c/tags/list', 'GET, HEAD'],
  ])('%s %s is told which methods there are', async (method, path, allowed) => {
    const response = await fetch(registry.url + path, { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed])
    expect(await codesOf(response)).toEqual(['UNSUPPORTED'])
  })

  it.each([`blobs/${digestOf('')}`, `manifests/${digestOf('')}`])(
    'DELETE %s is not among them where it is turned off',
    async path => {
      const response = await fetch(`${registry.url}/v2/a/${path}`, { method: 'DELETE' })
      expect([response.status, response.headers.get('allow')?.includes('GET')]).toEqual([405, true])
      expect(response.headers.get('allow')).not.toContain('DELETE')
    },
  )

  it('only reading is left where the registry is read-only', async () => {
    await using own = await startRegistry({ readOnly: true })
    const response = await fetch(`${own.url}/v2/a/manifests/latest`, { method: 'PUT', body: '{}' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  it.each([
    ['a broken escape', 'GET /v2/a/manifests/%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 404],
    ['a broken escape in a name', 'GET /v2/%zz/tags/list HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['an unknown method', 'BREW /v2/ HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['a huge header', `GET /v2/ HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['no host', 'GET /v2/ HTTP/1.1\r\n\r\n', 400],
    [
      'a bad content type',
      'POST /v2/a/blobs/uploads/ HTTP/1.1\r\nhost: x\r\ncontent-type: ;\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      415,
    ],
  ])('%s is answered, too', async (_, request, status) => {
    const answer = await raw(request)
    expect(answer.split(' ', 2)[1]).toBe(String(status))
    if (!request.includes('\r\nhost')) return
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
      errors: [{ code: expect.any(String) }],
    })
  })
})

describe('a storage in trouble', () => {
  class Failing extends ForwardingDriver {
    error: Error | undefined

    override async putContent(path: string, bytes: Uint8Array | string, options?: PutOptions) {
      if (this.error) throw this.error
      return super.putContent(path, bytes, options)
    }

    override async writer(path: string, options?: { append?: boolean | undefined }) {
      if (this.error && options?.append !== true) throw this.error
      return super.writer(path, options)
    }
  }

  const secret = 'AKIASECRET'

  it.each([
    [new StorageError('UNAVAILABLE', `slow down ${secret}`, { retryAfter: 2.5 }), 503, 'UNAVAILABLE', '3'],
    [new StorageError('UNAVAILABLE', `slow down ${secret}`), 503, 'UNAVAILABLE', '1'],
    [new StorageError('ACCESS_DENIED', `no ${secret}`), 500, 'UNKNOWN', null],
    [new Error(`defect ${secret}`), 500, 'UNKNOWN', null],
  ])('%s', async (error, status, code, retryAfter) => {
    const failures: unknown[] = []
    const storage = new Failing(inmemory())
    await using own = await startRegistry({ storage, onFailure: failure => failures.push(failure) })
    const location = await startUpload(own)
    storage.error = error
    const bytes = content(1_000_000)
    for (const [url, method] of [
      [`${own.url}/v2/library/hello/blobs/uploads/`, 'POST'],
      [location, 'PATCH'],
      [withQuery(location, 'digest', digestOf(bytes)), 'PUT'],
    ] as const) {
      const response = await fetch(url, { method, ...(method === 'POST' ? {} : { body: bytes }) })
      const body = await response.text()
      expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter])
      expect(JSON.parse(body)).toMatchObject({ errors: [{ code }] })
      expect(body).not.toContain(secret)
    }
    expect(failures).toEqual([error, error, error])
  })

  it('is asked nothing any more once the client has its answer', async () => {
    let underWay = 0
    class Uneven extends ForwardingDriver {
      override async getContent(): Promise<Uint8Array> {
        throw new StorageError('UNAVAILABLE', 'at once')
      }

      override async stat(path: string, options?: StatOptions): Promise<FileInfo> {
        underWay += 1
        try {
          await setTimeout(60_000, undefined, { signal: options?.signal })
          return await super.stat(path, options)
        } finally {
          underWay -= 1
        }
      }
    }
    await using own = await startRegistry({ storage: new Uneven(inmemory()), onFailure: () => {} })
    const response = await fetch(`${own.url}/v2/library/hello/blobs/${digestOf('')}`)
    expect([response.status, underWay]).toEqual([503, 0])
  })
})

describe('the report of a request', () => {
  it('says what was asked, who serves it, and how much came in', async () => {
    const reports: RequestReport[] = []
    await using own = await startRegistry({ onRequest: report => reports.push(report) })
    const digest = await pushBlob(own, content(5000))
    await (await fetch(`${own.url}/v2/library/hello/blobs/${digest}`)).arrayBuffer()
    expect(reports).toMatchObject([
      { method: 'POST', url: '/v2/library/hello/blobs/uploads/', status: 202, received: 0, servedBy: undefined },
      { method: 'PUT', status: 201, received: 5000, servedBy: undefined },
      { method: 'GET', url: `/v2/library/hello/blobs/${digest}`, status: 200, received: 0, servedBy: 'inline' },
    ])
  })

  it.each(['/%zz', '/v2/%ff/tags/list', '/v2/a/blobs/%e0%a4'])('tells of %s, which no URL may hold', async path => {
    const reports: RequestReport[] = []
    await using own = await startRegistry({ onRequest: report => reports.push(report) })
    const response = await fetch(own.url + path)
    await response.text()
    const id = response.headers.get('x-request-id')
    await until(() => reports.length > 0)
    expect(reports).toMatchObject([{ id, method: 'GET', url: path, status: response.status }])
    expect(id).toMatch(/./)
  })
})
