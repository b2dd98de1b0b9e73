import { LOCAL_CREDENTIALS, startS3 } from '@longshore/local-cloud'
import { inmemory } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { describe, expect, it } from '@jest/globals'
import { layerLink, revisionLink, tagCurrentLink, uploadStartedAt } from '../../src/storage/layout.ts'
import { codesOf, content, digestOf } from '../support/client.ts'
import { startRegistry } from '../support/registry.ts'

type Put = (path: string, link: string) => Promise<void>

/** What a repository looks like in the storage, with some images. */
async function addRepository(put: Put, name: string, images = 1): Promise<void> {
  for (let image = 0; image < images; image++) {
    const digest = digestOf(content(10))
    await put(revisionLink(name, digest), digest)
    await put(tagCurrentLink(name, `v${image}`), digest)
    await put(layerLink(name, digest), digest)
  }
}

async function withRepositories(names: readonly string[], maxCatalogEntries?: number) {
  const storage = inmemory()
  for (const name of names) await addRepository(async (path, link) => void (await storage.putContent(path, link)), name)
  return startRegistry({ storage, maxCatalogEntries })
}

const catalog = ({ url }: { url: string }, query = ''): Promise<Response> => fetch(`${url}/v2/_catalog${query}`)

/** Every page of the catalog, by its links. */
async function pagesOf({ url }: { url: string }, query = ''): Promise<string[][]> {
  const pages: string[][] = []
  let next: string | undefined = `/v2/_catalog${query}`
  while (next !== undefined) {
    const response: Response = await fetch(new URL(next, url))
    pages.push(((await response.json()) as { repositories: string[] }).repositories)
    next = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
  }
  return pages
}

describe('the catalog', () => {
  // Names that are prefixes of others, with what sorts before and after a slash and an underscore.
  const names = ['a', 'a-b', 'a/0', 'a/b', 'a/b/c', 'a0', 'ab', 'b.c/a', 'b/a', 'z__z', 'z/tags', 'z/tags/list']

  it('is empty where nothing was pushed', async () => {
    await using registry = await startRegistry()
    const response = await catalog(registry)
    expect([response.status, await response.json()]).toEqual([200, { repositories: [] }])
    expect(response.headers.get('content-type')).toMatch('application/json')
  })

  it.each([1, 2, 3, 5, 11, 12, 13])('gives every repository once, in pages of %i', async n => {
    await using registry = await withRepositories(names)
    const all = (await pagesOf(registry)).flat()
    expect(all.toSorted()).toEqual(names.toSorted())
    const pages = await pagesOf(registry, `?n=${n}`)
    expect(pages.flat()).toEqual(all)
    expect(pages.map(({ length }) => length)).toEqual(
      Array.from({ length: Math.ceil(12 / n) }, (_, page) => Math.min(n, 12 - page * n)),
    )
  })

  it('goes on after any name, whether it is there or not', async () => {
    await using registry = await withRepositories(['a', 'c'])
    for (const [last, repositories] of Object.entries({
      a: ['c'],
      b: ['c'],
      c: [],
      d: [],
      0: ['a', 'c'],
      '': ['a', 'c'],
    })) {
      expect(await (await catalog(registry, `?last=${last}`)).json()).toEqual({ repositories })
    }
  })

  it('counts the repositories that have manifests', async () => {
    await using registry = await withRepositories(['images'])
    const digest = digestOf(content())
    await registry.storage.putContent(layerLink('blobs-only', digest), digest)
    await registry.storage.putContent(uploadStartedAt('uploads-only', '1'), '')
    await registry.storage.putContent('/docker/registry/v2/repositories/Foreign/_manifests/x', '')
    await registry.storage.putContent('/docker/registry/v2/repositories/images/_manifests-old/x', '')
    expect(await pagesOf(registry)).toEqual([['images']])
  })

  it('gives 100 when not asked for a number, and at most 1000', async () => {
    await using registry = await withRepositories(Array.from({ length: 101 }, (_, n) => `r${n}`))
    expect((await pagesOf(registry)).map(({ length }) => length)).toEqual([100, 1])
    expect((await pagesOf(registry, '?n=1000')).map(({ length }) => length)).toEqual([101])
    for (const n of ['1001', '-1', 'all', '1.5']) {
      const response = await catalog(registry, `?n=${n}`)
      expect([response.status, await codesOf(response)]).toEqual([400, ['PAGINATION_NUMBER_INVALID']])
    }
  })

  it('gives no more than the registry is set to', async () => {
    await using registry = await withRepositories(['a', 'b', 'c'], 2)
    expect(await pagesOf(registry)).toEqual([['a', 'b'], ['c']])
    expect((await catalog(registry, '?n=3')).status).toBe(400)
  })

  it('gives nothing, and no link, to who wants nothing', async () => {
    await using registry = await withRepositories(['a'])
    const response = await catalog(registry, '?n=0')
    expect([await response.json(), response.headers.get('link')]).toEqual([{ repositories: [] }, null])
  })

  it.each(['A', 'a//b', '../a', '_uploads'])('does not go on after %s, which is no name', async last => {
    await using registry = await startRegistry()
    const response = await catalog(registry, `?last=${last}`)
    expect([response.status, await codesOf(response)]).toEqual([400, ['NAME_INVALID']])
  })

  it('answers HEAD', async () => {
    await using registry = await withRepositories(['a', 'b'])
    const response = await fetch(`${registry.url}/v2/_catalog?n=1`, { method: 'HEAD' })
    expect([response.status, response.headers.get('link')]).toEqual([200, '</v2/_catalog?n=1&last=a>; rel="next"'])
  })
})

it('costs one S3 request for every few repositories, however much they hold', async () => {
  const endpoint = await startS3({ buckets: ['registry'] })
  await using storage = s3({
    region: 'us-east-1',
    regionEndpoint: endpoint.endpoint,
    forcePathStyle: true,
    accessKey: LOCAL_CREDENTIALS.accessKeyId,
    secretKey: LOCAL_CREDENTIALS.secretAccessKey,
    bucket: 'registry',
  })
  try {
    const bucket = endpoint.bucket('registry')
    const put: Put = (path, link) => bucket.put(path.slice(1), link)
    await addRepository(put, 'large', 400)
    for (let n = 0; n < 40; n++) await addRepository(put, `small/${n}`, 2)
    await using registry = await startRegistry({ storage })
    endpoint.requests.reset()
    const pages = await pagesOf(registry, '?n=10')
    expect(pages.map(({ length }) => length)).toEqual([10, 10, 10, 10, 1])
    expect(endpoint.requests.counts()).toEqual({ ListObjectsV2: expect.any(Number) })
    expect(endpoint.requests.count()).toBeLessThanOrEqual(8)
  } finally {
    await endpoint.close()
  }
})
