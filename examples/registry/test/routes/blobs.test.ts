import { describe, expect, it } from '@jest/globals'
import { ForwardingDriver, type SignedUrl, type UrlOptions, inmemory } from '@longshore/middleware-core'
import { codesOf, content, digestOf, pushBlob } from '../support/client.ts'
import { sharedRegistry, startRegistry } from '../support/registry.ts'

class Elsewhere extends ForwardingDriver {
  readonly asked: { path: string; options: UrlOptions | undefined }[] = []

  override async urlFor(path: string, options?: UrlOptions): Promise<SignedUrl> {
    this.asked.push({ path, options })
    return { url: `https://edge.example${path}?Signature=s`, expiresAt: new Date(), via: 'cloudfront' }
  }
}

const registry = sharedRegistry({ deletes: true })

const url = (digest: string, name = 'library/hello'): string => `${registry.url}/v2/${name}/blobs/${digest}`

describe('end-2: pulling a blob', () => {
  it('serves the bytes itself when the storage has no URL for them', async () => {
    const bytes = content(200_000)
    const digest = await pushBlob(registry, bytes)
    const response = await fetch(url(digest))
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': '200000',
      'content-type': 'application/octet-stream',
      'docker-content-digest': digest,
      'docker-distribution-api-version': 'registry/2.0',
    })
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it('answers HEAD with the size and no body', async () => {
    const digest = await pushBlob(registry, content(1234))
    const response = await fetch(url(digest), { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('1234')
    expect(response.headers.get('docker-content-digest')).toBe(digest)
    expect(await response.text()).toBe('')
  })

  it.each(['GET', 'HEAD'])('answers 304 to whoever has it, redirected or not: %s', async method => {
    const storage = new Elsewhere(inmemory())
    await using elsewhere = await startRegistry({ storage })
    for (const { url } of [registry, elsewhere]) {
      const digest = await pushBlob({ url }, content(100))
      const ask = (tags: string): Promise<Response> => {
        const headers = { 'if-none-match': tags, range: 'bytes=0-1' }
        return fetch(`${url}/v2/library/hello/blobs/${digest}`, { method, headers, redirect: 'manual' })
      }
      for (const tags of [`"${digest}"`, `W/"${digest}"`, `"other", "${digest}"`, '*', digest]) {
        const response = await ask(tags)
        expect([tags, response.status, await response.text()]).toEqual([tags, 304, ''])
        expect(response.headers.get('etag')).toBe(`"${digest}"`)
        expect(response.headers.get('docker-content-digest')).toBe(digest)
      }
      expect((await ask('"other"')).status).not.toBe(304)
      const absent = `${url}/v2/library/hello/blobs/${digestOf(content())}`
      expect((await fetch(absent, { method, headers: { 'if-none-match': '*' } })).status).toBe(404)
    }
    expect(storage.asked.length).toBe(method === 'GET' ? 1 : 0)
  })

  it.each([
    ['bytes=0-9', 206, 'bytes 0-9/100', 0, 10],
    ['bytes=90-', 206, 'bytes 90-99/100', 90, 100],
    ['bytes=90-500', 206, 'bytes 90-99/100', 90, 100],
    ['bytes=-7', 206, 'bytes 93-99/100', 93, 100],
    ['bytes=0-1,5-6', 200, null, 0, 100],
    ['lines=1-2', 200, null, 0, 100],
  ])('serves Range: %s', async (range, status, contentRange, start, end) => {
    const bytes = content(100)
    const digest = await pushBlob(registry, bytes)
    const response = await fetch(url(digest), { headers: { range } })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-range')).toBe(contentRange)
    expect(response.headers.get('content-length')).toBe(String(end - start))
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(start, end))).toBe(true)
  })

  it.each([
    ['lies behind the end', 'bytes=100-'],
    ['ends before it begins', 'bytes=50-10'],
  ])('refuses a range that %s', async (_, range) => {
    const response = await fetch(url(await pushBlob(registry, content(100))), { headers: { range } })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe('bytes */100')
  })

  it.each([
    ['mended after it was cut off', 700, 'bytes=600-', 'bytes 600-999/1000'],
    ['replaced by one that is longer', 1000, undefined, null],
  ])('serves the whole of a blob that was %s since it was last pulled', async (_, storedBytes, range, contentRange) => {
    const bytes = content(1000)
    const digest = await pushBlob(registry, bytes)
    const path = `/docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}/data`
    await registry.storage.putContent(path, bytes.subarray(0, storedBytes))
    await using other = await startRegistry({ storage: registry.storage })
    const pull = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${other.url}/v2/library/hello/blobs/${digest}`, { headers })
    await (await pull({})).arrayBuffer()
    const stored = storedBytes === bytes.length ? Buffer.concat([bytes, content(10)]) : bytes
    await registry.storage.putContent(path, stored)
    const response = await pull(range === undefined ? {} : { range })
    const start = range === undefined ? 0 : 600
    expect(response.headers.get('content-range')).toBe(contentRange)
    expect(response.headers.get('content-length')).toBe(String(stored.length - start))
    expect(Buffer.from(await response.arrayBuffer()).equals(stored.subarray(start))).toBe(true)
  })

  it('serves an empty blob', async () => {
    const response = await fetch(url(await pushBlob(registry, Buffer.alloc(0))))
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  it('knows a blob only in the repositories that have it', async () => {
    const digest = await pushBlob(registry)
    const response = await fetch(url(digest, 'library/other'))
    expect(response.status).toBe(404)
    expect(await codesOf(response)).toEqual(['BLOB_UNKNOWN'])
    expect((await fetch(url(digest, 'library/other'), { method: 'HEAD' })).status).toBe(404)
  })

  it('does not know a blob whose bytes are gone', async () => {
    const digest = await pushBlob(registry)
    await registry.storage.delete(`/docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}/data`)
    expect((await fetch(url(digest))).status).toBe(404)
  })

  it('follows a link to the same content under another algorithm', async () => {
    const bytes = content()
    await pushBlob(registry, bytes)
    const other = digestOf(bytes, 'sha512')
    const link = `/docker/registry/v2/repositories/library/hello/_layers/sha512/${other.slice(7)}/link`
    await registry.storage.putContent(link, digestOf(bytes))
    const response = await fetch(url(other))
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it.each(['sha256:abc', 'md5:d41d8cd98f00b204e9800998ecf8427e', 'latest', '1', `sha256:${'A'.repeat(64)}`])(
    'refuses %s, which is no digest',
    async digest => {
      const response = await fetch(url(digest))
      expect(response.status).toBe(400)
      expect(await codesOf(response)).toEqual(['DIGEST_INVALID'])
    },
  )

  it('redirects to where the storage says, and tells it for whom and how large', async () => {
    const storage = new Elsewhere(inmemory())
    await using elsewhere = await startRegistry({ storage })
    const digest = await pushBlob(elsewhere, content(321))
    const headers = { 'user-agent': 'containerd/2.0' }
    const response = await fetch(`${elsewhere.url}/v2/library/hello/blobs/${digest}`, { headers, redirect: 'manual' })
    const path = `/docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}/data`
    expect(response.status).toBe(307)
    expect(response.headers.get('location')).toBe(`https://edge.example${path}?Signature=s`)
    expect(response.headers.get('docker-content-digest')).toBe(digest)
    const client = { ip: '127.0.0.1', userAgent: 'containerd/2.0' }
    expect(storage.asked).toMatchObject([{ path, options: { size: 321, client } }])
  })

  it('serves the bytes itself where redirects are turned off', async () => {
    await using elsewhere = await startRegistry({ storage: new Elsewhere(inmemory()), redirects: false })
    const digest = await pushBlob(elsewhere)
    expect((await fetch(`${elsewhere.url}/v2/library/hello/blobs/${digest}`)).status).toBe(200)
  })

  it('gives no URL for a blob that the repository does not have', async () => {
    const storage = new Elsewhere(inmemory())
    await using elsewhere = await startRegistry({ storage })
    const digest = await pushBlob(elsewhere)
    expect((await fetch(`${elsewhere.url}/v2/other/blobs/${digest}`)).status).toBe(404)
    expect(storage.asked).toEqual([])
  })
})

describe('end-10: deleting a blob', () => {
  it('takes it from the repository and leaves it to others', async () => {
    const bytes = content()
    const digest = await pushBlob(registry, bytes)
    await pushBlob(registry, bytes, 'library/other')
    expect((await fetch(url(digest), { method: 'DELETE' })).status).toBe(202)
    expect((await fetch(url(digest))).status).toBe(404)
    expect((await fetch(url(digest, 'library/other'))).status).toBe(200)
    const again = await fetch(url(digest), { method: 'DELETE' })
    expect([again.status, await codesOf(again)]).toEqual([404, ['BLOB_UNKNOWN']])
  })

  it('is refused where deletes are turned off', async () => {
    await using keeping = await startRegistry()
    const digest = await pushBlob(keeping)
    const response = await fetch(`${keeping.url}/v2/library/hello/blobs/${digest}`, { method: 'DELETE' })
    expect([response.status, await codesOf(response)]).toEqual([405, ['UNSUPPORTED']])
    expect((await fetch(`${keeping.url}/v2/library/hello/blobs/${digest}`)).status).toBe(200)
  })
})
