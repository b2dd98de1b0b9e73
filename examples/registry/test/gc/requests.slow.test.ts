import { expect, it } from '@jest/globals'
import { blobData, layerLink } from '../../src/storage/layout.ts'
import { content } from '../support/client.ts'
import { collect, has } from './collect.ts'
import { Filler } from './filler.ts'
import { storages } from './storages.ts'

/** A bucket with ten images of a hundred blobs each. The bytes come there without requests. */
async function startFilled() {
  const test = await storages['s3']!()
  const { s3, bucket } = test.cloud!
  const fill = new Filler({
    putContent: (path, bytes) => s3.bucket(bucket).put(path.slice(1), bytes),
  })
  for (let image = 0; image < 10; image++) {
    const layers = await Promise.all(Array.from({ length: 99 }, () => fill.blob('library/big')))
    await fill.image('library/big', `v${image}`, layers)
  }
  return { ...test, fill, requests: s3.requests, [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() }
}

it('lists 1,000 blobs and their links with a request for every 1,000 keys', async () => {
  await using test = await startFilled()
  await test.storage.age()
  test.requests.reset()
  const { summary } = await collect(test.storage)
  expect(summary).toMatchObject({ manifests: 10, blobs: 1010, deletedBlobs: 0 })
  // 1,010 links and 1,010 blobs take two requests each, and one more looks for journals; each manifest is read once.
  expect(test.requests.counts()).toEqual({ ListObjectsV2: 5, GetObject: 10 })
})

it('takes two requests for each link and blob that goes: one looks at it again', async () => {
  await using test = await startFilled()
  const garbage = await Promise.all(Array.from({ length: 20 }, () => test.fill.blob('library/big', content(50))))
  await test.storage.age()
  test.requests.reset()
  const { summary } = await collect(test.storage)
  expect(summary).toMatchObject({ deletedBlobs: 20, freedBytes: 1000 })
  // Besides, a journal is written and deleted, manifests are listed before links go, journals and all links again after it,
  // and the links once more at the end.
  expect(test.requests.counts()).toEqual({
    ListObjectsV2: 11,
    GetObject: 10,
    HeadObject: 40,
    DeleteObject: 41,
    PutObject: 1,
  })
  for (const digest of garbage) {
    expect(await has(test.storage, blobData(digest))).toBe(false)
    expect(await has(test.storage, layerLink('library/big', digest))).toBe(false)
  }
})
