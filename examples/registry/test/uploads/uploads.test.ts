import { describe, expect, it } from '@jest/globals'
import {
  codesOf,
  content,
  digestOf,
  locationOf,
  patch,
  pulled,
  pushBlob,
  put,
  startUpload,
  withoutQuery,
} from '../support/client.ts'
import { filesOf, sharedRegistry, startRegistry } from '../support/registry.ts'

const registry = sharedRegistry()

const blobUrl = (digest: string, name = 'library/hello'): string => `${registry.url}/v2/${name}/blobs/${digest}`

function mount(query: string): Promise<Response> {
  return fetch(`${registry.url}/v2/library/target/blobs/uploads/?${query}`, { method: 'POST' })
}

describe('end-4a: starting an upload', () => {
  it.each(['/', ''])('says where it goes on, with "%s" at the end', async end => {
    const response = await fetch(`${registry.url}/v2/library/hello/blobs/uploads${end}`, { method: 'POST' })
    expect(response.status).toBe(202)
    const id = response.headers.get('docker-upload-uuid')
    expect(response.headers.get('location')).toMatch(
      new RegExp(`^/v2/library/hello/blobs/uploads/${id}\\?_state=[\\w%-]+$`),
    )
    expect(response.headers.get('range')).toBe('0-0')
    expect(response.headers.get('content-length')).toBe('0')
  })
})

describe('end-4b: a whole blob in the POST', () => {
  it('is published', async () => {
    const bytes = content(300_000)
    const digest = digestOf(bytes)
    const target = `${registry.url}/v2/library/hello/blobs/uploads/?digest=${digest}`
    const response = await fetch(target, { method: 'POST', body: bytes })
    expect(response.status).toBe(201)
    expect(response.headers.get('docker-content-digest')).toBe(digest)
    expect(response.headers.get('location')).toBe(`/v2/library/hello/blobs/${digest}`)
    expect(await pulled(registry, digest)).toBe(digest)
  })

  it('is refused when it has another digest, and then cannot be read', async () => {
    const digest = digestOf(content())
    const target = `${registry.url}/v2/library/hello/blobs/uploads/?digest=${digest}`
    const response = await fetch(target, { method: 'POST', body: content() })
    expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
    expect(await pulled(registry, digest)).toBe(404)
  })

  it('starts an upload when there is no body', async () => {
    const target = `${registry.url}/v2/library/hello/blobs/uploads/?digest=${digestOf('')}`
    expect((await fetch(target, { method: 'POST' })).status).toBe(202)
  })
})

describe('end-5 and end-6: sending an upload', () => {
  it('takes a whole blob with the PUT', async () => {
    const bytes = content(300_000)
    const digest = digestOf(bytes)
    const response = await put(await startUpload(registry), digest, bytes)
    expect(response.status).toBe(201)
    expect(response.headers.get('location')).toBe(`/v2/library/hello/blobs/${digest}`)
    expect(response.headers.get('docker-content-digest')).toBe(digest)
    expect(await pulled(registry, digest)).toBe(digest)
  })

  it('takes a stream with PATCH, of any content type, and publishes it with PUT', async () => {
    const bytes = content(300_000)
    const body = new Blob([bytes.subarray(0, 100_000), bytes.subarray(100_000)]).stream()
    const location = await startUpload(registry)
    const headers = { 'content-type': 'text/plain' }
    const patched = await fetch(location, { method: 'PATCH', body, duplex: 'half', headers })
    expect(patched.status).toBe(202)
    expect(patched.headers.get('range')).toBe('0-299999')
    expect(await pulled(registry, digestOf(bytes))).toBe(404)
    expect((await put(locationOf(patched), digestOf(bytes))).status).toBe(201)
    expect(await pulled(registry, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('takes chunks in order, the last one with the PUT', async () => {
    const bytes = content(300)
    const first = await patch(await startUpload(registry), bytes.subarray(0, 100), '0-99')
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-99'])
    const second = await patch(locationOf(first), bytes.subarray(100, 200), 'bytes 100-199/*')
    expect([second.status, second.headers.get('range')]).toEqual([202, '0-199'])
    const last = await put(locationOf(second), digestOf(bytes), bytes.subarray(200), '200-299')
    expect(last.status).toBe(201)
    expect(await pulled(registry, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('refuses a chunk out of order, says where to go on, and loses nothing', async () => {
    const bytes = content(200)
    const location = await startUpload(registry)
    const early = await patch(location, bytes.subarray(100), '100-199')
    expect([early.status, early.headers.get('range')]).toEqual([416, '0-0'])
    expect(await codesOf(early)).toEqual(['RANGE_INVALID'])
    await patch(location, bytes.subarray(0, 100), '0-99')
    for (const again of [
      await patch(location, bytes.subarray(0, 100), '0-99'),
      await put(location, digestOf(bytes), bytes.subarray(0, 100), '0-99'),
    ]) {
      expect([again.status, again.headers.get('range')]).toEqual([416, '0-99'])
      expect(withoutQuery(locationOf(again))).toBe(withoutQuery(location))
    }
    await patch(location, bytes.subarray(100), '100-199')
    expect((await put(location, digestOf(bytes))).status).toBe(201)
    expect(await pulled(registry, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it.each([
    ['9-0', 'BLOB_UPLOAD_INVALID'],
    ['all', 'BLOB_UPLOAD_INVALID'],
    ['0-5', 'SIZE_INVALID'],
  ])('refuses Content-Range: %s for ten bytes', async (range, code) => {
    const response = await patch(await startUpload(registry), content(10), range)
    expect([response.status, await codesOf(response)]).toEqual([400, [code]])
  })

  it.each([3, 30])('refuses Content-Range: 0-9 for %s bytes whose length was not said', async length => {
    const body = new Blob([content(length)]).stream()
    const headers = { 'content-range': '0-9' }
    const response = await fetch(await startUpload(registry), { method: 'PATCH', body, duplex: 'half', headers })
    expect([response.status, await codesOf(response)]).toEqual([400, ['SIZE_INVALID']])
  })

  it('takes an empty blob, with and without a PATCH', async () => {
    const digest = digestOf('')
    expect((await put(await startUpload(registry), digest)).status).toBe(201)
    const location = await startUpload(registry, 'library/empty')
    expect((await patch(location, Buffer.alloc(0))).status).toBe(202)
    expect((await put(location, digest)).status).toBe(201)
  })

  it('takes a sha512 digest, after PATCHes too', async () => {
    const bytes = content(300)
    const digest = digestOf(bytes, 'sha512')
    const location = await startUpload(registry)
    await patch(location, bytes.subarray(0, 200))
    expect((await put(location, digest, bytes.subarray(200))).status).toBe(201)
    expect(await pulled(registry, digest)).toBe(digest)
  })

  it.each([
    ['whole', 0],
    ['in part', 100],
  ])('never publishes under a wrong digest what was sent %s with the PUT', async (_, sentBefore) => {
    await using own = await startRegistry()
    const bytes = content(300)
    const digest = digestOf(content())
    const location = await startUpload(own)
    if (sentBefore > 0) await patch(location, bytes.subarray(0, sentBefore))
    const response = await put(location, digest, bytes.subarray(sentBefore))
    expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
    expect(await pulled(own, digest)).toBe(404)
    expect((await fetch(location)).status).toBe(404)
    expect(await filesOf(own.storage)).toEqual(new Map())
  })

  it('does not take the bytes that are there for the ones that are sent', async () => {
    const digest = await pushBlob(registry)
    const response = await put(await startUpload(registry, 'library/other'), digest, content())
    expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
    expect((await fetch(blobUrl(digest, 'library/other'))).status).toBe(404)
  })

  it.each(['', '?digest=sha256:123', '?digest='])('wants a digest in the PUT, not "%s"', async query => {
    const response = await fetch(`${await startUpload(registry)}${query}`, { method: 'PUT' })
    expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
  })

  it('publishes a blob that two clients send at once', async () => {
    const bytes = content(2_000_000)
    const uploads = await Promise.all([startUpload(registry), startUpload(registry), startUpload(registry)])
    const answers = await Promise.all(uploads.map(location => put(location, digestOf(bytes), bytes)))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(await pulled(registry, digestOf(bytes))).toBe(digestOf(bytes))
  })
})

describe('end-13: asking where an upload is', () => {
  it('tells how much is there', async () => {
    const location = await startUpload(registry)
    const before = await fetch(location)
    expect([before.status, before.headers.get('range')]).toEqual([204, '0-0'])
    await patch(location, content(100))
    const after = await fetch(location)
    expect([after.status, after.headers.get('range')]).toEqual([204, '0-99'])
    expect(withoutQuery(locationOf(after))).toBe(withoutQuery(location))
    const head = await fetch(location, { method: 'HEAD' })
    expect([head.status, head.headers.get('range')]).toEqual([204, '0-99'])
  })

  it.each(['GET', 'PATCH', 'PUT', 'DELETE'])('%s knows no upload that was not started', async method => {
    for (const id of ['0189cc2f-2f76-7b1e-a3b8-c94ee5f2a001', 'nonsense', 'a%2fb']) {
      const target = `${registry.url}/v2/library/hello/blobs/uploads/${id}?digest=${digestOf('')}`
      const response = await fetch(target, { method })
      expect([response.status, await codesOf(response)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
    }
  })

  it('knows an upload only in its own repository', async () => {
    const location = await startUpload(registry)
    expect((await fetch(location.replace('library/hello', 'library/other'))).status).toBe(404)
  })
})

describe('cancelling an upload', () => {
  it('leaves nothing of it', async () => {
    await using own = await startRegistry()
    const location = await startUpload(own)
    await patch(location, content(100))
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(204)
    expect((await fetch(location)).status).toBe(404)
    expect(await filesOf(own.storage)).toEqual(new Map())
    expect(await own.storage.purgeUploads({ olderThan: new Date(Date.now() + 1000) })).toEqual({ uploads: 0 })
  })
})

describe('end-11: mounting a blob', () => {
  it('gives a blob of one repository to another without sending it', async () => {
    const bytes = content()
    const digest = await pushBlob(registry, bytes)
    const response = await mount(`mount=${digest}&from=library/hello`)
    expect(response.status).toBe(201)
    expect(response.headers.get('location')).toBe(`/v2/library/target/blobs/${digest}`)
    expect(response.headers.get('docker-content-digest')).toBe(digest)
    expect((await fetch(blobUrl(digest, 'library/target'))).status).toBe(200)
  })

  it('gives what a link leads to under another algorithm', async () => {
    const bytes = content()
    await pushBlob(registry, bytes)
    const other = digestOf(bytes, 'sha512')
    const link = `/docker/registry/v2/repositories/library/hello/_layers/sha512/${other.slice(7)}/link`
    await registry.storage.putContent(link, digestOf(bytes))
    expect((await mount(`mount=${other}&from=library/hello`)).status).toBe(201)
    const response = await fetch(blobUrl(other, 'library/target'))
    expect(digestOf(new Uint8Array(await response.arrayBuffer()), 'sha512')).toBe(other)
  })

  it('starts an upload when the other repository does not have it, or none is named', async () => {
    const digest = await pushBlob(registry)
    for (const query of [`mount=${digest}&from=library/nowhere`, `mount=${digest}`]) {
      const response = await mount(query)
      expect(response.status).toBe(202)
      expect(response.headers.get('location')).toContain('/v2/library/target/blobs/uploads/')
    }
    expect((await fetch(blobUrl(digest, 'library/target'))).status).toBe(404)
  })
})
