import { beforeAll, describe, expect, it } from '@jest/globals'
import { inmemory } from '@longshore/middleware-core'
import { tagCurrentLink } from '../../src/storage/layout.ts'
import { codesOf, digestOf, newManifest, pushBlob, putManifest } from '../support/client.ts'
import { sharedRegistry, startRegistry } from '../support/registry.ts'

const name = 'library/tagged'
const sorted = ['1.0', '1.20', 'Alpha', 'beta', 'Gamma', 'gamma']

const registry = sharedRegistry()

beforeAll(async () => {
  const manifest = await newManifest(registry, name)
  for (const tag of sorted.toReversed()) await putManifest(registry, tag, manifest, { name })
})

const list = (query = '', repository = name): Promise<Response> =>
  fetch(`${registry.url}/v2/${repository}/tags/list${query}`)

describe('end-8: listing tags', () => {
  it('lists them all, in lexical order', async () => {
    const response = await list()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch('application/json')
    expect(await response.json()).toEqual({ name, tags: sorted })
    expect(response.headers.get('link')).toBeNull()
  })

  it.each([1, 2, 3, 4, 6, 7])('gives pages of %i, each with a link to the next', async n => {
    const found: string[] = []
    let next: string | undefined = `/v2/${name}/tags/list?n=${n}`
    while (next !== undefined) {
      const response: Response = await fetch(new URL(next, registry.url))
      const { tags } = (await response.json()) as { tags: string[] }
      expect(tags.length).toBe(Math.min(n, sorted.length - found.length))
      found.push(...tags)
      next = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(found).toEqual(sorted)
  })

  it('gives no more than a page may hold, whatever is asked for, and a link to the rest', async () => {
    await using limited = await startRegistry({ storage: registry.storage, maxTags: 4 })
    const page = async (query: string): Promise<unknown> => {
      const response = await fetch(`${limited.url}/v2/${name}/tags/list${query}`)
      const { tags } = (await response.json()) as { tags: string[] }
      return [response.status, tags, response.headers.get('link')]
    }
    const path = `/v2/${name}/tags/list`
    const link = `<${path}?n=4&last=beta>; rel="next"`
    expect(await page('')).toEqual([200, sorted.slice(0, 4), link])
    expect(await page('?n=1000')).toEqual([200, sorted.slice(0, 4), link])
    expect(await page('?n=4&last=beta')).toEqual([200, sorted.slice(4), null])
    expect(await page('?n=1')).toEqual([200, ['1.0'], `<${path}?n=1&last=1.0>; rel="next"`])
  })

  it('goes on after a tag that is not there', async () => {
    expect(await (await list('?last=aaa')).json()).toEqual({ name, tags: sorted.slice(2) })
    expect(await (await list('?last=zzz')).json()).toEqual({ name, tags: [] })
  })

  it('gives nothing, and no link, to who wants nothing', async () => {
    const response = await list('?n=0')
    expect([await response.json(), response.headers.get('link')]).toEqual([{ name, tags: [] }, null])
  })

  it.each(['-1', 'all', '1.5', '+1', '9'.repeat(20)])('refuses n=%s', async n => {
    const response = await list(`?n=${n}`)
    expect([response.status, await codesOf(response)]).toEqual([400, ['PAGINATION_NUMBER_INVALID']])
  })

  it('counts the parameters that say nothing as left out', async () => {
    expect(await (await list('?n=&last=')).json()).toEqual({ name, tags: sorted })
  })

  it('answers HEAD', async () => {
    const response = await fetch(`${registry.url}/v2/${name}/tags/list?n=2`, { method: 'HEAD' })
    expect([response.status, response.headers.get('link')]).toEqual([
      200,
      `</v2/${name}/tags/list?n=2&last=1.20>; rel="next"`,
    ])
  })

  it('lists no tags of a repository that has but blobs', async () => {
    await pushBlob(registry, undefined, 'library/blobs-only')
    expect(await (await list('', 'library/blobs-only')).json()).toEqual({ name: 'library/blobs-only', tags: [] })
  })

  it('lists 10,000 tags, and each page of them', async () => {
    const storage = inmemory()
    const digest = digestOf('')
    const all = Array.from({ length: 10_000 }, (_, index) => `v${String(index).padStart(5, '0')}`)
    for (const tag of all) await storage.putContent(tagCurrentLink(name, tag), digest)
    await using many = await startRegistry({ storage })
    const page = async (query: string): Promise<unknown> =>
      await (await fetch(`${many.url}/v2/${name}/tags/list${query}`)).json()
    expect(await page('')).toEqual({ name, tags: all })
    expect(await page('?n=10&last=v09985')).toEqual({ name, tags: all.slice(9986, 9996) })
  })

  it('does not know a repository that nothing was pushed to', async () => {
    for (const repository of ['library/nothing', 'library']) {
      const response = await list('', repository)
      expect([response.status, await codesOf(response)]).toEqual([404, ['NAME_UNKNOWN']])
    }
  })
})
