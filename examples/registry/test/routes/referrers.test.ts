import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Digest } from '../../src/oci/digest.ts'
import { blobData, referrerLink, revisionLink } from '../../src/storage/layout.ts'
import {
  codesOf,
  content,
  descriptor,
  digestOf,
  imageType,
  indexType,
  newManifest,
  pushBlob,
  putManifest,
} from '../support/client.ts'
import { filesOf, sharedRegistry, startRegistry } from '../support/registry.ts'

const name = 'library/subject'
const registry = sharedRegistry({ deletes: true })

interface Referrers {
  schemaVersion: number
  mediaType: string
  manifests: { digest: string; artifactType?: string; annotations?: Record<string, string> }[]
}

const get = (subject: string, query = ''): Promise<Response> =>
  fetch(`${registry.url}/v2/${name}/referrers/${subject}${query}`)

async function referrersOf(subject: string, query = ''): Promise<Referrers['manifests']> {
  const response = await get(subject, query)
  expect(response.status).toBe(200)
  return ((await response.json()) as Referrers).manifests
}

/** A subject that no other test has and that is not there, and pushes what refers to it. */
function newSubject() {
  const subject = digestOf(content())
  return {
    subject,
    async push(fields: object, type = imageType): Promise<{ digest: string; size: number; response: Response }> {
      const body = JSON.stringify({
        schemaVersion: 2,
        mediaType: type,
        subject: descriptor(subject, imageType),
        ...fields,
      })
      const response = await putManifest(registry, digestOf(body), body, { name, type })
      return { digest: digestOf(body), size: body.length, response }
    },
  }
}

let config: ReturnType<typeof descriptor>
let empty: ReturnType<typeof descriptor>
beforeAll(async () => {
  config = descriptor(await pushBlob(registry, content(), name), 'application/vnd.example.config')
  empty = descriptor(await pushBlob(registry, Buffer.from('{}'), name), 'application/vnd.oci.empty.v1+json')
})

describe('end-12a: listing referrers', () => {
  it.each(['sha256', 'sha512'] as const)(
    'gives an empty index for a %s digest that nothing refers to',
    async algorithm => {
      for (const repository of [name, 'library/nothing']) {
        const response = await fetch(`${registry.url}/v2/${repository}/referrers/${digestOf(content(), algorithm)}`)
        expect([response.status, response.headers.get('content-type')]).toEqual([200, indexType])
        expect(await response.json()).toEqual({ schemaVersion: 2, mediaType: indexType, manifests: [] })
      }
    },
  )

  it.each(['sha256:baddigeststring', 'latest', 'sha384:00', `sha256:${'A'.repeat(64)}`])('refuses %s', async digest => {
    const response = await get(digest)
    expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
  })

  it('describes what refers to a manifest, before and after it is pushed', async () => {
    const image = await newManifest(registry, name)
    const subject = descriptor(digestOf(image), imageType)
    const common = { schemaVersion: 2, mediaType: imageType, subject }
    const annotations = { 'org.example': 'ü' }
    const forms: { mediaType: string; artifactType?: string; annotations?: object; [field: string]: unknown }[] = [
      { ...common, config, layers: [] },
      { ...common, config, layers: [], artifactType: '', annotations },
      { ...common, config: empty, layers: [empty], artifactType: 'application/vnd.example.sbom', annotations },
      { ...common, mediaType: indexType, manifests: [] },
      { ...common, mediaType: indexType, manifests: [], artifactType: 'application/vnd.example.set', annotations },
    ]
    const bodies = forms.map(form => ({ ...form, text: JSON.stringify(form) }))
    for (const { text, mediaType } of bodies) {
      const pushed = await putManifest(registry, digestOf(text), text, { name, type: mediaType })
      expect([pushed.status, pushed.headers.get('oci-subject')]).toEqual([201, subject.digest])
    }
    const expected = bodies
      .map(({ text, mediaType, artifactType, annotations }, index) => ({
        mediaType,
        size: Buffer.byteLength(text),
        digest: digestOf(text),
        ...(index < 2 && { artifactType: config.mediaType }),
        ...(artifactType && { artifactType }),
        ...(annotations && { annotations }),
      }))
      .toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
    expect(await referrersOf(subject.digest)).toEqual(expected)
    await putManifest(registry, 'subject', image, { name })
    expect(await referrersOf(subject.digest)).toEqual(expected)
  })

  it('says nothing of a subject to who pushes a manifest without', async () => {
    const pushed = await putManifest(registry, 'plain', await newManifest(registry, name), { name })
    expect(pushed.headers.has('oci-subject')).toBe(false)
  })

  it('forgets what is deleted, and leaves nothing behind', async () => {
    const { subject, push } = newSubject()
    const [doomed, kept] = [await push({ config, layers: [] }), await push({ config: empty, layers: [] })]
    expect((await referrersOf(subject)).length).toBe(2)
    await fetch(`${registry.url}/v2/${name}/manifests/${doomed.digest}`, { method: 'DELETE' })
    expect((await referrersOf(subject)).map(({ digest }) => digest)).toEqual([kept.digest])
    await fetch(`${registry.url}/v2/${name}/manifests/${kept.digest}`, { method: 'DELETE' })
    const left = [...(await filesOf(registry.storage)).keys()].filter(path => path.includes(subject.slice(7)))
    expect(left).toEqual([])
  })

  it('does not believe a link to what is not there, as when another registry has deleted it', async () => {
    const { subject } = newSubject()
    const gone = digestOf(content())
    await registry.storage.putContent(referrerLink(name, subject, gone), gone)
    expect(await referrersOf(subject)).toEqual([])
  })

  it('knows referrers only in the repository that has them', async () => {
    const { subject, push } = newSubject()
    await push({ config, layers: [] })
    const response = await fetch(`${registry.url}/v2/library/other/referrers/${subject}`)
    expect(((await response.json()) as Referrers).manifests).toEqual([])
  })
})

describe('end-12b: filtering referrers', () => {
  it('lists those of one type, and says so', async () => {
    const { subject, push } = newSubject()
    const sbom = await push({ config: empty, layers: [], artifactType: 'application/vnd.example.sbom+json' })
    const plain = await push({ config, layers: [] })
    await push({ manifests: [] }, indexType)
    const filtered = async (type: string): Promise<string[]> => {
      const response = await get(subject, `?artifactType=${encodeURIComponent(type)}`)
      expect(response.headers.get('oci-filters-applied')).toBe('artifactType')
      return ((await response.json()) as Referrers).manifests.map(({ digest }) => digest)
    }
    expect(await filtered('application/vnd.example.sbom+json')).toEqual([sbom.digest])
    expect(await filtered(config.mediaType)).toEqual([plain.digest])
    expect(await filtered('application/vnd.example.unknown')).toEqual([])
    const all = await get(subject)
    expect([all.headers.get('oci-filters-applied'), ((await all.json()) as Referrers).manifests.length]).toEqual([
      null,
      3,
    ])
  })
})

describe('the tag that clients keep where there are no referrers', () => {
  /** As a client does: an index of the referrers under a tag that names the subject. */
  async function tagReferrers(subject: string, digests: string[]): Promise<void> {
    const manifests = digests.map(digest => descriptor(digest, imageType))
    const body = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests })
    const tag = `${subject.split(':')[0]}-${subject.split(':')[1]?.slice(0, 64)}`
    expect((await putManifest(registry, tag, body, { name, type: indexType })).status).toBe(201)
  }

  it.each(['sha256', 'sha512'] as const)('counts, too, for a %s digest', async algorithm => {
    const subject = digestOf(content(), algorithm)
    const push = async (fields: object): Promise<Digest> => {
      const body = JSON.stringify({ schemaVersion: 2, mediaType: imageType, layers: [], ...fields })
      await putManifest(registry, digestOf(body), body, { name })
      return digestOf(body)
    }
    const both = await push({ config, subject: descriptor(subject) })
    // As Distribution stores it: without a link that says what it refers to.
    const tagged = await push({ config: empty, subject: descriptor(subject) })
    await registry.storage.delete(referrerLink(name, subject, tagged))
    const stranger = await push({ config })
    await tagReferrers(subject, [tagged, both, stranger])
    expect((await referrersOf(subject)).map(({ digest }) => digest)).toEqual([both, tagged].toSorted())
    await fetch(`${registry.url}/v2/${name}/manifests/${tagged}`, { method: 'DELETE' })
    expect((await referrersOf(subject)).map(({ digest }) => digest)).toEqual([both])
  })

  it('counts for nothing when it is the tag of something else', async () => {
    const { subject, push } = newSubject()
    const { digest } = await push({ config, layers: [] })
    await putManifest(registry, subject.replace(':', '-'), await newManifest(registry, name), { name })
    expect((await referrersOf(subject)).map(referrer => referrer.digest)).toEqual([digest])
  })
})

describe('many referrers', () => {
  /** Every page of a list, by its links. */
  async function pagesOf(subject: string, query = ''): Promise<string[][]> {
    const pages: string[][] = []
    let next: string | undefined = `/v2/${name}/referrers/${subject}${query}`
    while (next !== undefined) {
      const response: Response = await fetch(new URL(next, registry.url))
      const text = await response.text()
      expect(text.length).toBeLessThan(4 * 1024 * 1024 + 1000)
      pages.push((JSON.parse(text) as Referrers).manifests.map(({ digest }) => digest))
      next = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
    }
    return pages
  }

  it('come in pages that are no larger than a manifest', async () => {
    const { subject, push } = newSubject()
    const annotations = { large: 'x'.repeat(1_500_000) }
    const pushed = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        push({ config, layers: [], artifactType: 'a/b', annotations: { ...annotations, n: `${n}` } }),
      ),
    )
    const digests = pushed.map(({ digest }) => digest).toSorted()
    for (const query of ['', '?artifactType=a%2Fb']) {
      const pages = await pagesOf(subject, query)
      expect(pages.map(({ length }) => length)).toEqual([2, 2, 1])
      expect(pages.flat()).toEqual(digests)
    }
    expect(await pagesOf(subject, '?artifactType=c%2Fd')).toEqual([[]])
  })

  it('come in pages of a thousand', async () => {
    const { subject } = newSubject()
    const fields = { schemaVersion: 2, mediaType: indexType, subject: descriptor(subject), manifests: [] }
    const bodies = Array.from({ length: 1005 }, (_, n) => JSON.stringify({ ...fields, annotations: { n: `${n}` } }))
    const digests = bodies.map(body => digestOf(body))
    for (const [n, digest] of digests.entries()) {
      await registry.storage.putContent(blobData(digest), bodies[n] ?? '')
      await registry.storage.putContent(revisionLink(name, digest), digest)
      await registry.storage.putContent(referrerLink(name, subject, digest), digest)
    }
    const pages = await pagesOf(subject)
    expect(pages.map(({ length }) => length)).toEqual([1000, 5])
    expect(pages.flat()).toEqual(digests.toSorted())
  })

  it('come in shorter pages when many bytes have to be read for them', async () => {
    const { subject } = newSubject()
    const fields = { schemaVersion: 2, mediaType: indexType, subject: descriptor(subject), manifests: [] }
    const digests: Digest[] = []
    for (let n = 0; n < 12; n += 1) {
      const body = JSON.stringify({ ...fields, artifactType: `a/${n % 2}`, n, filler: ' '.repeat(4_000_000) })
      digests.push(digestOf(body))
      await registry.storage.putContent(blobData(digestOf(body)), body)
      await registry.storage.putContent(revisionLink(name, digestOf(body)), digestOf(body))
      await registry.storage.putContent(referrerLink(name, subject, digestOf(body)), digestOf(body))
    }
    const pages = await pagesOf(subject, '?artifactType=a%2F0')
    expect(pages.length).toBe(2)
    expect(pages.flat()).toEqual(digests.filter((_, n) => n % 2 === 0).toSorted())
    for (const digest of digests) await registry.storage.delete(blobData(digest))
  })

  it('go on only after a digest', async () => {
    const response = await get(newSubject().subject, '?last=1000')
    expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
  })
})

it('shows every node what any has pushed', async () => {
  await using other = await startRegistry({ storage: registry.storage })
  const { subject, push } = newSubject()
  const { digest } = await push({ config, layers: [] })
  const response = await fetch(`${other.url}/v2/${name}/referrers/${subject}`)
  expect(((await response.json()) as Referrers).manifests).toMatchObject([{ digest }])
})
