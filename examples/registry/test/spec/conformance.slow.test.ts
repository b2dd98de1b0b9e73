import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Digest } from '../../src/oci/digest.ts'
import { content, descriptor, digestOf, imageType } from '../support/client.ts'
import { Pusher } from './pushing.ts'
import { sharedStack } from './stack.ts'

/** What the specification's conformance program pushes, pulls, lists and deletes. */

const registry = sharedStack()
const config = 'application/vnd.oci.image.config.v1+json'
const layer = 'application/vnd.oci.image.layer.v1.tar+gzip'
const artifact = 'application/vnd.example.oci.conformance.v1'
const empty = 'application/vnd.oci.empty.v1+json'

type Fields = Record<string, unknown>

async function image(to: Pusher, fields: Fields = {}, query = '') {
  const layers = [await to.blob(content(), layer), await to.blob(content(), layer)]
  return to.image({ config: await to.blob(content(), config), layers, ...fields }, query)
}

async function artifactOf(to: Pusher, fields: Fields = {}) {
  const nothing = await to.blob(Buffer.from('{}'), empty)
  return to.image({ artifactType: artifact, config: nothing, layers: [await to.blob(content(), artifact)], ...fields })
}

async function index(to: Pusher, fields: Fields = {}, query = '') {
  const manifests = []
  for (const architecture of ['amd64', 'arm64']) {
    const { answer: _, ...pushed } = await image(to)
    manifests.push({ ...pushed, platform: { os: 'linux', architecture } })
  }
  return to.index({ manifests, ...fields }, query)
}

const annotations = { 'org.opencontainers.conformance': 'hello conformance test' }
const missing = descriptor(digestOf('missing content'), imageType)

const data: Record<string, (to: Pusher) => Promise<unknown>> = {
  'an image': to => image(to),
  'an image with a large manifest': to =>
    image(to, {
      annotations: Object.fromEntries(Array.from({ length: 390 }, (_, n) => [`large-${n}`, 'A'.repeat(10_000)])),
    }),
  'an index': to => index(to),
  'an index of indexes': async to => {
    const manifests = []
    for (let n = 0; n < 2; n++) {
      const { answer: _, ...pushed } = await index(to)
      manifests.push(pushed)
    }
    return to.index({ manifests })
  },
  'an empty index': to => to.index({ manifests: [] }),
  'an artifact': to => artifactOf(to),
  'an artifact without layers': async to => artifactOf(to, { layers: [await to.blob(Buffer.from('{}'), empty)] }),
  'an index of artifacts': async to => {
    const { answer: _, ...pushed } = await artifactOf(to)
    return to.index({ artifactType: artifact, manifests: [pushed] })
  },
  'an image without layers': to => image(to, { layers: [] }),
  'a field of data': async to => {
    const bytes = content(100)
    return image(to, { config: { ...(await to.blob(bytes, config)), data: bytes.toString('base64') } })
  },
  'layers that are elsewhere': async to => {
    const type = 'application/vnd.oci.image.layer.nondistributable.v1.tar'
    const elsewhere = { ...descriptor(digestOf(content()), type), urls: ['https://store.example.com/blobs/1'] }
    return image(to, { layers: [elsewhere, await to.blob(content(), layer)] })
  },
  'fields of its own': to => index(to, { 'org.example.field': 'value', another: { deep: [1] } }),
  'a missing subject': to => artifactOf(to, { subject: missing, annotations }),
}

/** What a registry must answer about everything that was pushed; then it has to be gone once it is deleted. */
async function pullAndDelete(to: Pusher, name: string, tag: string): Promise<void> {
  const url = `${registry.url}/v2/${name}`
  const last = [...to.manifests].at(-1) as [Digest, string]
  await fetch(`${url}/manifests/${last[0]}?tag=${tag}`, { method: 'PUT', body: Buffer.from(last[1]) })
  const tagged = [[`manifests/${tag}`, last[1]] as const]
  const manifests = [...to.manifests].map(([digest, body]) => [`manifests/${digest}`, body] as const)
  const blobs = [...to.blobs].map(([digest, bytes]) => [`blobs/${digest}`, bytes.toString('latin1')] as const)
  const isThere = async (path: string, body: string): Promise<void> => {
    const [got, head] = await Promise.all([fetch(`${url}/${path}`), fetch(`${url}/${path}`, { method: 'HEAD' })])
    expect(Buffer.from(await got.arrayBuffer()).toString('latin1')).toBe(body)
    expect([got.status, head.status, head.headers.get('content-length')]).toEqual([200, 200, String(body.length)])
  }
  await Promise.all([...tagged, ...manifests, ...blobs].map(([path, body]) => isThere(path, body)))
  for (const [path] of [...tagged, ...manifests.toReversed(), ...blobs]) {
    expect((await fetch(`${url}/${path}`, { method: 'DELETE' })).status).toBe(202)
    const [got, head] = await Promise.all([fetch(`${url}/${path}`), fetch(`${url}/${path}`, { method: 'HEAD' })])
    expect([got.status, head.status]).toEqual([404, 404])
  }
}

describe.each(['sha256', 'sha512'] as const)('content under %s digests', algorithm => {
  it.each(Object.entries(data))('%s', async (what, push) => {
    const name = `conformance/${what.replaceAll(' ', '-')}`
    const to = new Pusher({ url: registry.url, name }, algorithm)
    await push(to)
    await pullAndDelete(to, name, 'tagged')
  })

  it('an index with tags in its push', async () => {
    const name = 'conformance/tags'
    const to = new Pusher({ url: registry.url, name }, algorithm)
    const { digest, answer } = await index(to, {}, '?tag=one&tag=two')
    expect(answer.get('oci-tag')).toBe('one, two')
    for (const tag of ['one', 'two']) {
      const head = await fetch(`${registry.url}/v2/${name}/manifests/${tag}`, { method: 'HEAD' })
      expect([head.status, head.headers.get('docker-content-digest')]).toEqual([200, digest])
    }
  })

  it('artifacts with a subject', async () => {
    const name = `conformance/subject-${algorithm}`
    const to = new Pusher({ url: registry.url, name }, algorithm)
    const { answer: _, ...subject } = await image(to)
    const pushed = [
      { ...(await image(to, { subject })), artifactType: config },
      { ...(await artifactOf(to, { subject, annotations })), artifactType: artifact, annotations },
      { ...(await index(to, { subject, annotations })), annotations },
    ]
    for (const { answer } of pushed) expect(answer.get('oci-subject')).toBe(subject.digest)
    const expected = pushed.map(({ answer: _, ...referrer }) => referrer)
    const list = async (query: string): Promise<object[]> => {
      const response = await fetch(`${registry.url}/v2/${name}/referrers/${subject.digest}${query}`)
      return ((await response.json()) as { manifests: { digest: string }[] }).manifests
    }
    expect(new Set(await list(''))).toEqual(new Set(expected))
    expect(await list(`?artifactType=${encodeURIComponent(artifact)}`)).toEqual([expected[1]])
    await pullAndDelete(to, name, 'tagged')
    expect(await list('')).toEqual([])
  })
})

describe('listing tags', () => {
  const name = 'conformance/tagged'
  const tags = ['test0', 'test1', 'test2', 'test3']
  beforeAll(async () => {
    await image(new Pusher({ url: registry.url, name }), {}, `?${tags.map(tag => `tag=${tag}`).join('&')}`)
  })

  it.each([
    ['', tags],
    ['?n=2', tags.slice(0, 2)],
    ['?n=2&last=test1', tags.slice(2)],
    ['?last=test1', tags.slice(2)],
    ['?n=0', []],
  ])('tags/list%s', async (query, expected) => {
    const response = await fetch(`${registry.url}/v2/${name}/tags/list${query}`)
    expect([response.status, await response.json()]).toEqual([200, { name, tags: expected }])
  })
})
