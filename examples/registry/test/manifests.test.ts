import { describe, expect, it } from '@jest/globals'
import { blobData, revisionLink } from '../src/layout.ts'
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
  sharedRegistry,
  startRegistry,
} from './support.ts'

const dockerImageType = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerListType = 'application/vnd.docker.distribution.manifest.list.v2+json'

const registry = sharedRegistry({ deletes: true })

const url = (reference: string, name = 'library/hello'): string => `${registry.url}/v2/${name}/manifests/${reference}`

describe('end-7 and end-3: pushing and pulling a manifest', () => {
  it('is pushed by a tag and pulled by tag and digest, as it was', async () => {
    const manifest = `${await newManifest(registry)}\n`
    const digest = digestOf(manifest)
    const pushed = await putManifest(registry, 'v1.0', manifest)
    expect(pushed.status).toBe(201)
    expect(pushed.headers.get('location')).toBe(`/v2/library/hello/manifests/${digest}`)
    expect(pushed.headers.get('docker-content-digest')).toBe(digest)
    for (const reference of ['v1.0', digest]) {
      const response = await fetch(url(reference))
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe(imageType)
      expect(response.headers.get('docker-content-digest')).toBe(digest)
      expect(response.headers.get('content-length')).toBe(String(manifest.length))
      expect(await response.text()).toBe(manifest)
    }
  })

  it('answers HEAD with the headers of GET', async () => {
    const manifest = await newManifest(registry)
    await putManifest(registry, 'head', manifest)
    const response = await fetch(url('head'), { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(imageType)
    expect(response.headers.get('docker-content-digest')).toBe(digestOf(manifest))
    expect(response.headers.get('content-length')).toBe(String(manifest.length))
  })

  it('answers 304 to a client that has it', async () => {
    await putManifest(registry, 'cached', await newManifest(registry))
    const etag = (await fetch(url('cached'))).headers.get('etag') ?? ''
    expect((await fetch(url('cached'), { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  it.each(['sha256', 'sha512'] as const)('is pushed by its %s digest', async algorithm => {
    const manifest = await newManifest(registry)
    const digest = digestOf(manifest, algorithm)
    const pushed = await putManifest(registry, digest, manifest)
    expect([pushed.status, pushed.headers.get('docker-content-digest')]).toEqual([201, digest])
    expect(await (await fetch(url(digest))).text()).toBe(manifest)
  })

  it('moves a tag', async () => {
    const [first, second] = [await newManifest(registry), await newManifest(registry)]
    await putManifest(registry, 'moving', first)
    await putManifest(registry, 'moving', second)
    expect(await (await fetch(url('moving'))).text()).toBe(second)
    expect((await fetch(url(digestOf(first)))).status).toBe(200)
  })

  it('knows the types that a manifest can have, and keeps none beside it', async () => {
    const image = JSON.parse(await newManifest(registry)) as Record<string, unknown>
    const digest = digestOf(JSON.stringify(image))
    await putManifest(registry, 'image', JSON.stringify(image))
    const index = { schemaVersion: 2, manifests: [descriptor(digest, imageType)] }
    const { mediaType: _, ...untyped } = image
    const cases = [
      [{ ...image, mediaType: dockerImageType }, dockerImageType],
      [untyped, imageType],
      [{ ...index, mediaType: indexType }, indexType],
      [{ ...index, mediaType: dockerListType }, dockerListType],
      [index, indexType],
    ] as const
    for (const [manifest, type] of cases) {
      expect((await putManifest(registry, 'typed', JSON.stringify(manifest), { type })).status).toBe(201)
      expect((await fetch(url('typed'))).headers.get('content-type')).toBe(type)
    }
  })

  it('names every blob and manifest that is not there yet', async () => {
    const present = await pushBlob(registry)
    const missing = [digestOf(content()), digestOf(content())]
    const layers = [present, ...missing].map(digest => descriptor(digest))
    const image = { schemaVersion: 2, mediaType: imageType, config: descriptor(present), layers }
    const response = await putManifest(registry, 'early', JSON.stringify(image))
    expect(response.status).toBe(404)
    const { errors } = (await response.json()) as { errors: unknown[] }
    expect(errors).toMatchObject(missing.map(digest => ({ code: 'MANIFEST_BLOB_UNKNOWN', detail: { digest } })))
    expect((await fetch(url('early'))).status).toBe(404)
    // A blob is not a manifest, though its bytes are there.
    const index = { schemaVersion: 2, mediaType: indexType, manifests: [descriptor(present, imageType)] }
    const refused = await putManifest(registry, 'early', JSON.stringify(index), { type: indexType })
    expect([refused.status, await codesOf(refused)]).toEqual([404, ['MANIFEST_BLOB_UNKNOWN']])
  })

  it('does not look for layers that have URLs of their own', async () => {
    const config = descriptor(await pushBlob(registry))
    const foreign = { ...descriptor(digestOf(content())), urls: ['https://example.com/layer'] }
    const image = { schemaVersion: 2, mediaType: imageType, config, layers: [foreign] }
    expect((await putManifest(registry, 'foreign', JSON.stringify(image))).status).toBe(201)
  })

  it('refuses another digest than that of the content', async () => {
    const response = await putManifest(registry, digestOf(content()), await newManifest(registry))
    expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
  })

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['a JSON text', '"hello"'],
    ['null', 'null'],
    ['a list', '[]'],
    ['an object', '{}'],
    ['schema 1', '{"schemaVersion":1,"config":{},"layers":[]}'],
    ['no layers', JSON.stringify({ schemaVersion: 2, config: descriptor(digestOf('')) })],
    ['no digest', JSON.stringify({ schemaVersion: 2, config: descriptor('sha256:1'), layers: [] })],
    [
      'an image and an index',
      JSON.stringify({ schemaVersion: 2, config: descriptor(digestOf('')), layers: [], manifests: [] }),
    ],
    ['an index with a config', JSON.stringify({ schemaVersion: 2, config: descriptor(digestOf('')), manifests: [] })],
    ['the type of another form', JSON.stringify({ schemaVersion: 2, mediaType: imageType, manifests: [] })],
  ])('refuses %s', async (_, body) => {
    const response = await fetch(url('bad'), { method: 'PUT', body })
    expect(response.status).toBe(400)
    expect(new Set(await codesOf(response))).toEqual(new Set(['MANIFEST_INVALID']))
    expect((await fetch(url('bad'))).status).toBe(404)
  })

  it('refuses a Content-Type that its content does not show', async () => {
    const response = await putManifest(registry, 'bad', await newManifest(registry), { type: dockerImageType })
    expect([response.status, await codesOf(response)]).toEqual([400, ['MANIFEST_INVALID']])
  })

  it.each([
    ['layers', 300_000],
    ['layers', 10_000],
    ['manifests', 300_000],
    ['manifests', 10_000],
  ])('answers shortly whatever is wrong with each of its %s: %s', async (field, length) => {
    const body = JSON.stringify({ schemaVersion: 2, [field]: Array.from({ length }, () => ({})) })
    const response = await fetch(url('bad'), { method: 'PUT', body })
    const answer = await response.text()
    expect([response.status, answer.length < 2000]).toEqual([400, true])
  })

  it('names ten of the blobs that are not there', async () => {
    const layers = Array.from({ length: 50 }, () => descriptor(digestOf(content(10))))
    const config = descriptor(await pushBlob(registry))
    const response = await putManifest(registry, 'bad', JSON.stringify({ schemaVersion: 2, config, layers }))
    expect([response.status, await codesOf(response)]).toEqual([
      404,
      Array.from({ length: 10 }, () => 'MANIFEST_BLOB_UNKNOWN'),
    ])
  })

  it('compares media types without regard to case', async () => {
    const manifest = await newManifest(registry)
    expect((await putManifest(registry, 'case', manifest, { type: imageType.toUpperCase() })).status).toBe(201)
    const upper = manifest.replace(imageType, imageType.toUpperCase())
    expect((await putManifest(registry, 'case', upper)).status).toBe(201)
  })

  it.each([
    ['{"schemaVersion":1,"mediaType":"application/vnd.example+json"}', 'application/vnd.example+json'],
    ['{"mediaType":"a\\r\\nb: c"}', 'application/octet-stream'],
    ['hello', 'application/octet-stream'],
  ])('serves what another registry has stored: %s', async (body, type) => {
    const digest = digestOf(body)
    await registry.storage.putContent(blobData(digest), body)
    await registry.storage.putContent(revisionLink('library/hello', digest), digest)
    const response = await fetch(url(digest))
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([200, type, body])
  })

  it('takes 4 MiB and no more', async () => {
    const manifest = await newManifest(registry)
    const most = manifest.padEnd(4 * 1024 * 1024, ' ')
    expect((await putManifest(registry, 'large', most)).status).toBe(201)
    expect((await (await fetch(url('large'))).text()).length).toBe(most.length)
    const response = await putManifest(registry, 'larger', `${most} `)
    expect([response.status, await codesOf(response)]).toEqual([413, ['MANIFEST_INVALID']])
  })

  it.each(['.hidden', 'a'.repeat(129), 'sha256:123', 'a+b'])('knows no tag %s, and makes none', async tag => {
    for (const method of ['GET', 'DELETE']) {
      const response = await fetch(url(tag), { method })
      expect([response.status, await codesOf(response)]).toEqual([404, ['MANIFEST_UNKNOWN']])
    }
    const response = await putManifest(registry, tag, await newManifest(registry))
    expect([response.status, await codesOf(response)]).toEqual([400, ['TAG_INVALID']])
  })

  it('knows a manifest only in the repositories that have it', async () => {
    const manifest = await newManifest(registry)
    await putManifest(registry, 'here', manifest)
    for (const reference of ['here', digestOf(manifest)]) {
      const response = await fetch(url(reference, 'library/other'))
      expect([response.status, await codesOf(response)]).toEqual([404, ['MANIFEST_UNKNOWN']])
    }
  })
})

describe('end-9: deleting a manifest', () => {
  it('removes a tag and keeps the manifest', async () => {
    const manifest = await newManifest(registry)
    await putManifest(registry, 'gone', manifest)
    expect((await fetch(url('gone'), { method: 'DELETE' })).status).toBe(202)
    expect((await fetch(url('gone'))).status).toBe(404)
    expect((await fetch(url(digestOf(manifest)))).status).toBe(200)
    expect((await fetch(url('gone'), { method: 'DELETE' })).status).toBe(404)
  })

  it('removes a manifest with the tags that mean it, and no others', async () => {
    const name = 'library/deleting'
    const [doomed, kept] = [await newManifest(registry, name), await newManifest(registry, name)]
    for (const tag of ['1', '1.0']) await putManifest(registry, tag, doomed, { name })
    await putManifest(registry, '2', kept, { name })
    const response = await fetch(url(digestOf(doomed), name), { method: 'DELETE' })
    expect(response.status).toBe(202)
    expect((await fetch(url(digestOf(doomed), name))).status).toBe(404)
    expect(await (await fetch(`${registry.url}/v2/${name}/tags/list`)).json()).toEqual({ name, tags: ['2'] })
    expect((await fetch(url(digestOf(doomed), name), { method: 'DELETE' })).status).toBe(404)
  })

  it('is refused where deletes are turned off', async () => {
    await using keeping = await startRegistry()
    await putManifest(keeping, 'kept', await newManifest(keeping))
    const response = await fetch(`${keeping.url}/v2/library/hello/manifests/kept`, { method: 'DELETE' })
    expect([response.status, await codesOf(response)]).toEqual([405, ['UNSUPPORTED']])
  })
})
