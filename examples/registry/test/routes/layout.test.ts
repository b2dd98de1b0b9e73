import { expect, it } from '@jest/globals'
import {
  type FileWriter,
  ForwardingDriver,
  type PutOptions,
  type WriteOptions,
  inmemory,
} from '@longshore/middleware-core'
import {
  content,
  digestOf,
  locationOf,
  newManifest,
  patch,
  pushBlob,
  put,
  putManifest,
  startUpload,
  withQuery,
} from '../support/client.ts'
import { filesOf, startRegistry } from '../support/registry.ts'

const top = '/docker/registry/v2'
const name = 'library/hello'
const repository = `${top}/repositories/${name}`

function blobPath(digest: string): string {
  const hex = digest.slice(digest.indexOf(':') + 1)
  return `${top}/blobs/${digest.slice(0, digest.indexOf(':'))}/${hex.slice(0, 2)}/${hex}/data`
}

it('keeps a pushed image exactly where Distribution does', async () => {
  await using registry = await startRegistry()
  const manifest = await newManifest(registry, name)
  await putManifest(registry, 'v1', manifest, { name })
  const digest = digestOf(manifest)
  const { config, layers } = JSON.parse(manifest) as { config: { digest: string }; layers: [{ digest: string }] }
  const blobs = [config.digest, layers[0].digest]
  const files = await filesOf(registry.storage)
  expect([...files.keys()].toSorted()).toEqual(
    [
      ...blobs.map(blobPath),
      ...blobs.map(blob => `${repository}/_layers/sha256/${blob.slice(7)}/link`),
      blobPath(digest),
      `${repository}/_manifests/revisions/sha256/${digest.slice(7)}/link`,
      `${repository}/_manifests/tags/v1/current/link`,
      `${repository}/_manifests/tags/v1/index/sha256/${digest.slice(7)}/link`,
    ].toSorted(),
  )
  for (const [path, body] of files) {
    if (path.endsWith('/link')) expect(body).toBe(blobs.find(blob => path.includes(blob.slice(7))) ?? digest)
  }
  expect(files.get(blobPath(digest))).toBe(manifest)
})

it('keeps sha512 blobs under their algorithm, with the whole digest in the link', async () => {
  await using registry = await startRegistry()
  const bytes = content()
  const digest = digestOf(bytes, 'sha512')
  await fetch(withQuery(await startUpload(registry, name), 'digest', digest), { method: 'PUT', body: bytes })
  const link = `${repository}/_layers/sha512/${digest.slice(7)}/link`
  expect(await filesOf(registry.storage)).toEqual(
    new Map([
      [blobPath(digest), bytes.toString('latin1')],
      [link, digest],
    ]),
  )
})

it('starts an upload with a time in Go’s form, under a UUID', async () => {
  await using registry = await startRegistry()
  const id = new URL(await startUpload(registry, name)).pathname.split('/').at(-1) ?? ''
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const [[path, startedAt] = []] = await filesOf(registry.storage)
  expect(path).toBe(`${repository}/_uploads/${id}/startedat`)
  expect(startedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect(Math.abs(Date.parse(startedAt ?? '') - Date.now())).toBeLessThan(5000)
})

it('writes in the order in which a failure in between leaves nothing that cannot be finished', async () => {
  const order: string[] = []
  class Recorded extends ForwardingDriver {
    override putContent(path: string, bytes: Uint8Array | string, options?: PutOptions) {
      order.push(path)
      return super.putContent(path, bytes, options)
    }

    override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
      const writer = await super.writer(path, options)
      const commit = writer.commit.bind(writer)
      writer.commit = call => {
        order.push(options?.destination ?? path)
        return commit(call)
      }
      return writer
    }
  }
  await using registry = await startRegistry({ storage: new Recorded(inmemory()) })
  const bytes = content()
  const upload = await startUpload(registry, name)
  await fetch(upload, { method: 'PATCH', body: bytes })
  await fetch(withQuery(upload, 'digest', digestOf(bytes)), { method: 'PUT' })
  expect(order.slice(1)).toEqual([
    `${repository}/_layers/sha256/${digestOf(bytes).slice(7)}/link`,
    blobPath(digestOf(bytes)),
  ])
  const manifest = await newManifest(registry, name)
  order.length = 0
  await putManifest(registry, 'v1', manifest, { name })
  const hex = digestOf(manifest).slice(7)
  expect(order).toEqual([
    blobPath(digestOf(manifest)),
    `${repository}/_manifests/revisions/sha256/${hex}/link`,
    `${repository}/_manifests/tags/v1/index/sha256/${hex}/link`,
    `${repository}/_manifests/tags/v1/current/link`,
  ])
})

it('leaves what is there where it is when an upload has the same bytes, and more than are stored again unasked', async () => {
  await using registry = await startRegistry()
  const bytes = content(100_000)
  const digest = await pushBlob(registry, bytes)
  const { modifiedAt } = await registry.storage.stat(blobPath(digest))
  const location = locationOf(await patch(await startUpload(registry, 'library/other'), bytes))
  expect((await put(location, digest)).status).toBe(201)
  expect((await registry.storage.stat(blobPath(digest))).modifiedAt).toEqual(modifiedAt)
})
