import { describe, expect, it } from '@jest/globals'
import { blobData, revisionLink } from '../../src/storage/layout.ts'
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
import { sharedRegistry } from '../support/registry.ts'

const dockerImageType = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerListType = 'application/vnd.docker.distribution.manifest.list.v2+json'

const registry = sharedRegistry()

const url = (reference: string): string => `${registry.url}/v2/library/hello/manifests/${reference}`

describe('the form of a manifest', () => {
  it('may be an artifact: with an empty config, and layers of any type or none', async () => {
    const config = descriptor(await pushBlob(registry, Buffer.from('{}')), 'application/vnd.oci.empty.v1+json')
    const artifact = { schemaVersion: 2, mediaType: imageType, artifactType: 'application/vnd.example.sbom', config }
    const layer = descriptor(await pushBlob(registry), 'application/vnd.wasm.content.layer.v1+wasm')
    for (const layers of [[layer], [config], [], null]) {
      const body = JSON.stringify({ ...artifact, layers })
      expect((await putManifest(registry, 'artifact', body)).status).toBe(201)
      expect(await (await fetch(url('artifact'))).text()).toBe(body)
    }
  })

  it('may say more than is known here', async () => {
    const image = JSON.parse(await newManifest(registry)) as { config: object }
    const more = { 'org.example': [{ deep: [null, 1.5, {}] }], sizes: '12', platform: { os: 'linux', cores: 4 } }
    const body = JSON.stringify({ ...image, ...more, config: { ...image.config, ...more } }, undefined, '\t')
    expect((await putManifest(registry, 'more', body)).status).toBe(201)
    expect(await (await fetch(url('more'))).text()).toBe(body)
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

  it.each([
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 201],
    ['application/vnd.docker.image.rootfs.foreign.diff.tar', 201],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar', 201],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 201],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', 201],
    ['application/vnd.oci.image.layer.v1.tar+gzip', 404],
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', 404],
    ['application/octet-stream', 404],
  ])('may leave a layer elsewhere, at URLs, only where its type says so: %s', async (mediaType, status) => {
    const config = descriptor(await pushBlob(registry))
    const foreign = { ...descriptor(digestOf(content()), mediaType), urls: ['https://example.com/layer'] }
    const push = async (layer: object, kind = 'layers'): Promise<number> => {
      const image = {
        schemaVersion: 2,
        mediaType: imageType,
        config,
        layers: [],
        [kind]: kind === 'layers' ? [layer] : layer,
      }
      return (await putManifest(registry, 'foreign', JSON.stringify(image))).status
    }
    expect(await push(foreign)).toBe(status)
    for (const urls of [[], null]) expect(await push({ ...foreign, urls })).toBe(404)
    const entry = { ...foreign, mediaType: imageType }
    const index = { schemaVersion: 2, mediaType: indexType, manifests: [entry] }
    expect((await putManifest(registry, 'foreign', JSON.stringify(index), { type: indexType })).status).toBe(404)
  })

  it('may be an index of blobs, as BuildKit’s cache is: each has to be there', async () => {
    const layer = { ...descriptor(await pushBlob(registry), 'application/vnd.oci.image.layer.v1.tar+zstd') }
    const cache = { ...descriptor(await pushBlob(registry), 'application/vnd.buildkit.cacheconfig.v0') }
    const push = (manifests: object[]): Promise<Response> =>
      putManifest(registry, 'cache', JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }), {
        type: indexType,
      })
    expect((await push([layer, cache])).status).toBe(201)
    const absent = descriptor(digestOf(content()), 'application/vnd.oci.image.layer.v1.tar+zstd')
    const refused = await push([layer, absent])
    expect([refused.status, await codesOf(refused)]).toEqual([404, ['MANIFEST_BLOB_UNKNOWN']])
    // What is called a manifest has to be one: the bytes alone cannot be pulled as such.
    expect((await push([{ ...layer, mediaType: imageType }])).status).toBe(404)
    const image = await newManifest(registry)
    await putManifest(registry, 'image', image)
    expect((await push([cache, descriptor(digestOf(image), imageType)])).status).toBe(201)
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
    [
      'a type in other letters',
      JSON.stringify({ schemaVersion: 2, mediaType: indexType.toUpperCase(), manifests: [] }),
    ],
    ['an unknown type', JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.example+json', manifests: [] })],
    ['an artifact manifest', '{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[]}'],
    ['annotations that are no texts', JSON.stringify({ schemaVersion: 2, manifests: [], annotations: { a: 1 } })],
    ['a list of annotations', JSON.stringify({ schemaVersion: 2, manifests: [], annotations: ['a'] })],
    ['a subject that is no descriptor', JSON.stringify({ schemaVersion: 2, manifests: [], subject: digestOf('') })],
    [
      'a platform that is none',
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...descriptor(digestOf('')), platform: { os: 1 } }] }),
    ],
    [
      'data that is not base64',
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...descriptor(digestOf('')), data: '?' }] }),
    ],
    ['a byte that is not UTF-8', Buffer.from('{"schemaVersion":2,"manifests":[],"a":"\xff"}', 'latin1')],
    ['a byte order mark', '\ufeff{"schemaVersion":2,"manifests":[]}'],
  ])('refuses %s', async (_, text) => {
    // As bytes: a text would be given a Content-Type, and be refused for that.
    const response = await fetch(url('bad'), { method: 'PUT', body: Buffer.from(text) })
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

  it.each([
    ['lists in lists', '['.repeat(2_000_000) + ']'.repeat(2_000_000)],
    ['lists in lists without an end', '['.repeat(4_000_000)],
    ['maps in maps', '{"a":'.repeat(600_000) + 0 + '}'.repeat(600_000)],
    ['depth behind a text with a bracket and a quote', `["]\\"]",${'['.repeat(100)}${']'.repeat(100)}]`],
    ['many empty maps', `[${'{},'.repeat(1_300_000)}0]`],
    ['many lists, each not too deep', `[${`${'['.repeat(90)}${']'.repeat(90)},`.repeat(20_000)}0]`],
    ['many names', `{${Array.from({ length: 400_000 }, (_, n) => `"${n.toString(36)}":1`).join()}}`],
  ])('refuses %s, wherever they are, before it takes them apart', async (_, value) => {
    const image = await newManifest(registry)
    const body = `${image.slice(0, -1)},"org.example":${value}}`
    const response = await putManifest(registry, 'bad', body)
    expect([response.status, await codesOf(response)]).toEqual([400, ['MANIFEST_INVALID']])
  })

  it.each([
    ['some depth', '['.repeat(99) + ']'.repeat(99)],
    ['texts full of brackets', JSON.stringify(['['.repeat(1000), '{"\\'.repeat(1000)])],
    ['one long list', `[${'0,'.repeat(150_000)}0]`],
  ])('may have %s', async (_, value) => {
    const body = `${(await newManifest(registry)).slice(0, -1)},"org.example":${value}}`
    expect((await putManifest(registry, 'deep', body)).status).toBe(201)
    expect(await (await fetch(url('deep'))).text()).toBe(body)
  })

  it.each([imageType.toUpperCase(), `${imageType}; charset=utf-8`, `${imageType} ;a=b`])(
    'takes %s for the type of an image',
    async type => {
      expect((await putManifest(registry, 'typed', await newManifest(registry), { type })).status).toBe(201)
      expect((await fetch(url('typed'))).headers.get('content-type')).toBe(imageType)
    },
  )

  it.each([
    ['{"schemaVersion":1,"mediaType":"application/vnd.example+json"}', 'application/vnd.example+json'],
    ['{"mediaType":"a\\r\\nb: c"}', 'application/octet-stream'],
    ['{"manifests":null}', indexType],
    ['{"config":null}', imageType],
    ['null', 'application/octet-stream'],
    ['hello', 'application/octet-stream'],
  ])('serves what another registry has stored: %s', async (body, type) => {
    const digest = digestOf(body)
    await registry.storage.putContent(blobData(digest), body)
    await registry.storage.putContent(revisionLink('library/hello', digest), digest)
    const response = await fetch(url(digest))
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([200, type, body])
  })
})
