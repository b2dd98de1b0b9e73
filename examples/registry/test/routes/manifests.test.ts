import { describe, expect, it } from '@jest/globals'
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
import { sharedRegistry, startRegistry } from '../support/registry.ts'

const dockerImageType = 'application/vnd.docker.distribution.manifest.v2+json'

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

  it.each(['GET', 'HEAD'])('answers 304 to the %s of a client that has it', async method => {
    const manifest = await newManifest(registry)
    await putManifest(registry, 'cached', manifest)
    const digest = digestOf(manifest)
    expect((await fetch(url('cached'))).headers.get('etag')).toBe(`"${digest}"`)
    const known = [`"${digest}"`, `W/"${digest}"`, `"other", W/"another" ,"${digest}"`, '*', digest]
    const unknown = ['"other"', `"${digestOf('')}"`, 'W/"other", "another"', '', ',']
    const status = async (tags: string): Promise<number> =>
      (await fetch(url('cached'), { method, headers: { 'if-none-match': tags } })).status
    expect(await Promise.all(known.map(status))).toEqual(known.map(() => 304))
    expect(await Promise.all(unknown.map(status))).toEqual(unknown.map(() => 200))
  })

  it('is served as it is, whatever a client says to accept', async () => {
    const manifest = await newManifest(registry)
    await putManifest(registry, 'accepted', manifest)
    for (const accept of [dockerImageType, 'application/vnd.docker.distribution.manifest.v1+prettyjws', 'text/html']) {
      const response = await fetch(url('accepted'), { headers: { accept } })
      expect([response.headers.get('content-type'), await response.text()]).toEqual([imageType, manifest])
    }
  })

  it('is given tags on the way when it is pushed by its digest', async () => {
    const manifest = await newManifest(registry)
    const digest = digestOf(manifest, 'sha512')
    const pushed = await putManifest(registry, `${digest}?tag=several-1&tag=several-2&tag=several-1`, manifest)
    expect([pushed.status, pushed.headers.get('oci-tag')]).toEqual([201, 'several-1, several-2'])
    for (const tag of ['several-1', 'several-2']) {
      expect((await fetch(url(tag))).headers.get('docker-content-digest')).toBe(digest)
    }
    const refused = await putManifest(registry, `${digest}?tag=good&tag=.bad`, manifest)
    expect([refused.status, await codesOf(refused)]).toEqual([400, ['TAG_INVALID']])
    const many = Array.from({ length: 101 }, (_, index) => `tag=many-${index}`).join('&')
    const tooMany = await putManifest(registry, `${digest}?${many}`, manifest)
    expect([tooMany.status, await codesOf(tooMany)]).toEqual([414, ['TAG_INVALID']])
    expect((await fetch(url('good'))).status).toBe(404)
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

  it('refuses another digest than that of the content', async () => {
    const response = await putManifest(registry, digestOf(content()), await newManifest(registry))
    expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
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

  it('takes 4 MiB and no more', async () => {
    const manifest = await newManifest(registry)
    const most = manifest.padEnd(4 * 1024 * 1024, ' ')
    expect((await putManifest(registry, 'large', most)).status).toBe(201)
    expect((await (await fetch(url('large'))).text()).length).toBe(most.length)
    const response = await putManifest(registry, 'larger', `${most} `)
    expect([response.status, await codesOf(response)]).toEqual([413, ['MANIFEST_INVALID']])
  })

  it.each([
    ['.hidden', 'TAG_INVALID'],
    ['a'.repeat(129), 'TAG_INVALID'],
    ['a+b', 'TAG_INVALID'],
    ['sha256:123', 'DIGEST_INVALID'],
    [`sha384:${'a'.repeat(96)}`, 'DIGEST_INVALID'],
    [digestOf('').toUpperCase(), 'DIGEST_INVALID'],
  ])('knows no reference %s, and makes none', async (tag, code) => {
    for (const method of ['GET', 'DELETE']) {
      const response = await fetch(url(tag), { method })
      expect([response.status, await codesOf(response)]).toEqual([404, ['MANIFEST_UNKNOWN']])
    }
    const response = await putManifest(registry, tag, await newManifest(registry))
    expect([response.status, await codesOf(response)]).toEqual([400, [code]])
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
