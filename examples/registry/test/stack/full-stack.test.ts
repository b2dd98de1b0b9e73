import { EventEmitter, once } from 'node:events'
import { type EdgeRecord, startLocalCloud } from '@longshore/local-cloud'
import { expect, it } from '@jest/globals'
import {
  content,
  digestOf,
  locationOf,
  newManifest,
  pushBlob,
  putManifest,
  startUpload,
  withQuery,
} from '../support/client.ts'
import { stackOf } from '../support/cloud.ts'
import { startRegistry } from '../support/registry.ts'

/** The stack that a registry runs on in a cloud. */
async function startStack() {
  const edge = new EventEmitter<{ request: [EdgeRecord] }>()
  const cloud = await startLocalCloud({ edge: { onRequest: record => edge.emit('request', record) } })
  const storage = stackOf(cloud)
  const registry = await startRegistry({ storage, deletes: true, onFailure: () => {} })
  return {
    url: registry.url,
    storage,
    cloud,
    edge,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      await storage[Symbol.asyncDispose]()
      await cloud.close()
    },
  }
}

it('pushes to S3 and pulls from the edge', async () => {
  await using stack = await startStack()
  const bytes = content(12_000_000)
  const digest = digestOf(bytes)
  const location = await startUpload(stack)
  const patched = await fetch(location, { method: 'PATCH', body: bytes })
  expect(patched.headers.get('range')).toBe('0-11999999')
  expect((await fetch(withQuery(locationOf(patched), 'digest', digest), { method: 'PUT' })).status).toBe(201)
  expect(stack.cloud.edge.stats).toMatchObject({ hits: 0, misses: 0, denials: 0, bytes: 0 })

  const key = `docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}/data`
  const blob = `${stack.url}/v2/library/hello/blobs/${digest}`
  const redirect = await fetch(blob, { redirect: 'manual' })
  expect(redirect.status).toBe(307)
  expect(redirect.headers.get('location')).toMatch(`${stack.cloud.edge.baseUrl}${key}?Expires=`)
  expect(redirect.headers.get('content-length')).toBe('0')

  for (const result of ['Miss', 'Hit']) {
    const atTheEdge = once(stack.edge, 'request')
    const pulled = await fetch(blob)
    expect(pulled.url).toMatch(stack.cloud.edge.baseUrl)
    expect(Buffer.from(await pulled.arrayBuffer()).equals(bytes)).toBe(true)
    expect(await atTheEdge).toMatchObject([{ key, status: 200, result, bytes: bytes.length }])
  }
})

it('sends a whole blob once, to its final key, and leaves no upload behind', async () => {
  await using stack = await startStack()
  const bytes = content(12_000_000)
  const digest = await pushBlob(stack, bytes)
  const { requests } = stack.cloud.s3
  const sent = requests.records.reduce((sum, { bytesIn }) => sum + bytesIn, 0)
  expect(sent).toBeLessThan(bytes.length + 50_000)
  expect([requests.count('CopyObject'), requests.count('UploadPartCopy')]).toEqual([0, 0])
  const bucket = stack.cloud.s3.bucket(stack.cloud.bucket)
  expect(bucket.keys()).toEqual([
    `docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}/data`,
    `docker/registry/v2/repositories/library/hello/_layers/sha256/${digest.slice(7)}/link`,
  ])
  expect(bucket.uploads()).toEqual([])
})

it('leaves nothing in the bucket of a blob with a wrong digest, or of a cancelled upload', async () => {
  await using stack = await startStack()
  const bytes = content(6_000_000)
  const wrong = digestOf(content())
  const whole = await fetch(withQuery(await startUpload(stack), 'digest', wrong), { method: 'PUT', body: bytes })
  const patched = await startUpload(stack)
  await fetch(patched, { method: 'PATCH', body: bytes })
  const inParts = await fetch(withQuery(patched, 'digest', wrong), { method: 'PUT' })
  expect([whole.status, inParts.status]).toEqual([400, 400])
  const cancelled = await startUpload(stack)
  await fetch(cancelled, { method: 'PATCH', body: bytes })
  expect((await fetch(cancelled, { method: 'DELETE' })).status).toBe(204)
  const bucket = stack.cloud.s3.bucket(stack.cloud.bucket)
  expect([bucket.keys(), bucket.uploads()]).toEqual([[], []])
})

it('serves an image by its tag, and forgets it when it is deleted', async () => {
  await using stack = await startStack()
  const manifest = await newManifest(stack)
  expect((await putManifest(stack, 'latest', manifest)).status).toBe(201)
  const image = `${stack.url}/v2/library/hello/manifests`
  expect(await (await fetch(`${image}/latest`)).text()).toBe(manifest)
  expect((await fetch(`${image}/${digestOf(manifest)}`, { method: 'DELETE' })).status).toBe(202)
  expect((await fetch(`${image}/latest`)).status).toBe(404)
})

it('tells clients to come back when S3 is throttling', async () => {
  await using stack = await startStack()
  stack.cloud.s3.faults.add(() => ({ kind: 'error' }))
  const response = await fetch(`${stack.url}/v2/library/hello/blobs/${digestOf(content())}`)
  expect(response.status).toBe(503)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
})
