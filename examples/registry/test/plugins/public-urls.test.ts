import { describe, expect, it } from '@jest/globals'
import type { PublicUrlOptions } from '../../src/plugins/response-headers.ts'
import { codesOf, pushBlob, putManifest, newManifest } from '../support/client.ts'
import { startRegistry } from '../support/registry.ts'

/** Where a registry in this place says that a new upload is, if it was asked for at `base`. */
async function uploadAt(options: PublicUrlOptions, base: string): Promise<string | null> {
  await using registry = await startRegistry(options)
  const response = await fetch(`${registry.url}${base}/v2/a/b/blobs/uploads/`, { method: 'POST' })
  expect(response.status).toBe(202)
  return response.headers.get('location')
}

describe('where an upload is', () => {
  it.each<[string, PublicUrlOptions, string, RegExp]>([
    ['on the host that was asked', {}, '', /^\/v2\/a\/b\/blobs\/uploads\//],
    ['below a prefix', { prefix: '/my/registry' }, '/my/registry', /^\/my\/registry\/v2\/a\/b\/blobs\/uploads\//],
    [
      'on a host',
      { host: new URL('https://r.example.com:5000') },
      '',
      /^https:\/\/r\.example\.com:5000\/v2\/a\/b\/blobs\//,
    ],
    [
      'on a host below a prefix',
      { host: new URL('https://r.example.com/'), prefix: '/my' },
      '/my',
      /^https:\/\/r\.example\.com\/my\/v2\/a\/b\//,
    ],
    [
      'on a host with a path, which is all of it',
      { host: new URL('https://r.example.com/outer/'), prefix: '/inner' },
      '/inner',
      /^https:\/\/r\.example\.com\/outer\/v2\/a\/b\//,
    ],
  ])('%s', async (_what, place, base, location) => {
    expect(await uploadAt(place, base)).toMatch(location)
  })
})

describe('a registry with a prefix', () => {
  it('does everything below it, pages included', async () => {
    await using plain = await startRegistry()
    const { storage } = plain
    await pushBlob(plain)
    for (const tag of ['a', 'b']) await putManifest(plain, tag, await newManifest(plain))
    await using registry = await startRegistry({ storage, prefix: '/my/registry' })
    const first = await fetch(`${registry.url}/my/registry/v2/library/hello/tags/list?n=1`)
    expect(await first.json()).toEqual({ name: 'library/hello', tags: ['a'] })
    expect(first.headers.get('link')).toMatch(/^<\/my\/registry\/v2\/library\/hello\/tags\/list\?.*>; rel="next"$/)
  })

  it('is nowhere else, but for its health and the word that it answers', async () => {
    await using registry = await startRegistry({ prefix: '/my/registry' })
    for (const path of [
      '/v2/',
      '/v2/a/tags/list',
      '/my/v2/',
      '/my/registryv2/',
      '/my/registry',
      '/v2/my/registry/v2/',
    ]) {
      const response = await fetch(`${registry.url}${path}`)
      expect({ path, status: response.status }).toEqual({ path, status: 404 })
      expect(await codesOf(response)).toEqual(['UNSUPPORTED'])
    }
    expect((await fetch(`${registry.url}/my/registry/v2/`)).status).toBe(200)
    for (const path of ['/healthz', '/']) expect((await fetch(registry.url + path)).status).toBe(200)
  })
})
