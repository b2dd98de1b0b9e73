import { expect, it } from '@jest/globals'
import { content, descriptor, digestOf, imageType, locationOf, patch, put, withQuery } from '../support/client.ts'
import { describeDamage, pushBlob } from '../support/damage.ts'
import { filesOf, startRegistry } from '../support/registry.ts'

const base = '/v2/library/hello'

// An object of each kind, four times, with all that clients ask for: half a minute and more on a bucket.
describeDamage('s3', 'first')
describeDamage('filesystem', 'all')

it('bytes that are whole stay, whatever size a manifest says that they have', async () => {
  const told: string[] = []
  await using registry = await startRegistry({ onDamage: text => told.push(text) })
  const bytes = content(1000)
  expect(await pushBlob(registry.url, digestOf(bytes), bytes)).toBe(201)
  const config = { ...descriptor(digestOf(bytes)), size: 999 }
  const image = JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers: [] })
  const headers = { 'content-type': imageType }
  const pushed = await fetch(`${registry.url}${base}/manifests/v1`, { method: 'PUT', headers, body: image })
  expect([pushed.status, told]).toEqual([201, []])
})

it('a blob that was cut off is told of when a manifest needs it, and can be pushed again at once', async () => {
  const told: string[] = []
  await using registry = await startRegistry({ onDamage: text => told.push(text) })
  const bytes = content(70_000)
  const digest = digestOf(bytes)
  expect(await pushBlob(registry.url, digest, bytes)).toBe(201)
  const path = [...(await filesOf(registry.storage)).keys()].find(each => each.endsWith('/data')) ?? ''
  await registry.storage.putContent(path, bytes.subarray(0, 500))
  const config = { ...descriptor(digest), size: bytes.length }
  const image = JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers: [] })
  const pushImage = (): Promise<Response> =>
    fetch(`${registry.url}${base}/manifests/v1`, { method: 'PUT', headers: { 'content-type': imageType }, body: image })
  expect((await pushImage()).status).toBe(404)
  expect(told).toEqual([
    `${path}: its 500 bytes do not have their digest; removed, so that the next push stores it anew`,
  ])
  expect((await fetch(`${registry.url}${base}/blobs/${digest}`, { method: 'HEAD' })).status).toBe(404)
  // Another client’s bytes of this very moment.
  await registry.storage.putContent(path, bytes.subarray(0, 400))
  const upload = locationOf(await fetch(`${registry.url}${base}/blobs/uploads/`, { method: 'POST' }))
  expect((await put(locationOf(await patch(withQuery(upload, 'x', '1'), bytes)), digest)).status).toBe(201)
  expect((await pushImage()).status).toBe(201)
  expect(told).toHaveLength(1)
})
