import { beforeAll, describe, expect, it } from '@jest/globals'
import { codesOf, newManifest, pushBlob, putManifest, sharedRegistry } from './support.ts'

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

  it('goes on after a tag that is not there', async () => {
    expect(await (await list('?last=aaa')).json()).toEqual({ name, tags: sorted.slice(2) })
    expect(await (await list('?last=zzz')).json()).toEqual({ name, tags: [] })
  })

  it('gives nothing, and no link, to who wants nothing', async () => {
    const response = await list('?n=0')
    expect([await response.json(), response.headers.get('link')]).toEqual([{ name, tags: [] }, null])
  })

  it.each(['-1', 'all', '', '1.5'])('refuses n=%s', async n => {
    const response = await list(`?n=${n}`)
    expect([response.status, await codesOf(response)]).toEqual([400, ['PAGINATION_NUMBER_INVALID']])
  })

  it('does not know a repository without manifests', async () => {
    await pushBlob(registry, undefined, 'library/blobs-only')
    for (const repository of ['library/nothing', 'library/blobs-only', 'library']) {
      const response = await list('', repository)
      expect([response.status, await codesOf(response)]).toEqual([404, ['NAME_UNKNOWN']])
    }
  })
})
