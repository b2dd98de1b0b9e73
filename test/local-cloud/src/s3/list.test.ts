import { ListObjectsCommand, ListObjectsV2Command, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import type { ListObjectsV2CommandInput, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { failure, sdk } from '../../test/client.ts'
import { startS3 } from '../index.ts'
import type { LocalS3 } from '../index.ts'

const Bucket = 'artifacts'
let s3: LocalS3
let client: S3Client

beforeAll(async () => {
  s3 = await startS3({ buckets: [Bucket] })
  client = sdk(s3)
})
beforeEach(() => s3.bucket(Bucket).clear())
afterAll(async () => {
  client.destroy()
  await s3.close()
})

async function fill(...keys: string[]): Promise<void> {
  for (const key of keys) await s3.bucket(Bucket).put(key, key)
}

/** All pages: keys and common prefixes as they came, a page an array. */
async function pages(input: Partial<ListObjectsV2CommandInput>): Promise<string[][]> {
  const found: string[][] = []
  for await (const page of paginateListObjectsV2({ client }, { Bucket, ...input })) {
    found.push([
      ...(page.Contents ?? []).map(({ Key }) => Key!),
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!),
    ])
  }
  return found
}

describe('ListObjectsV2', () => {
  it('lists in the order of UTF-8 bytes', async () => {
    await fill('b', 'a/x', 'a-x', 'a', '\u{1F600}', '\uFF5E', 'é', 'Z')
    expect(await pages({})).toEqual([['Z', 'a', 'a-x', 'a/x', 'b', 'é', '\uFF5E', '\u{1F600}']])
  })

  it('counts common prefixes as entries and never gives one twice', async () => {
    await fill('a/1', 'a/2', 'b', 'c/1', 'c/2/3', 'd')
    expect(await pages({ Delimiter: '/' })).toEqual([['b', 'd', 'a/', 'c/']])
    expect(await pages({ Delimiter: '/', MaxKeys: 1 })).toEqual([['a/'], ['b'], ['c/'], ['d']])
    expect(await pages({ Delimiter: '/', MaxKeys: 3 })).toEqual([['b', 'a/', 'c/'], ['d']])
    expect(await pages({ Delimiter: '/', Prefix: 'c/' })).toEqual([['c/1', 'c/2/']])
    expect(await pages({ Prefix: 'c', MaxKeys: 1 })).toEqual([['c/1'], ['c/2/3']])
    expect(await pages({ Prefix: 'none' })).toEqual([[]])
  })

  it('starts after a key that need not exist', async () => {
    await fill('a', 'b/1', 'b/2', 'c')
    expect(await pages({ StartAfter: 'b/1' })).toEqual([['b/2', 'c']])
    expect(await pages({ StartAfter: 'aa', MaxKeys: 2 })).toEqual([['b/1', 'b/2'], ['c']])
    expect(await pages({ StartAfter: 'a', Prefix: 'b/' })).toEqual([['b/1', 'b/2']])
    expect(await pages({ StartAfter: 'z' })).toEqual([[]])
  })

  it('follows changes between pages', async () => {
    await fill('a', 'b', 'c', 'd')
    const first = await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2 }))
    expect(first).toMatchObject({ IsTruncated: true, KeyCount: 2 })
    s3.bucket(Bucket).delete('b')
    s3.bucket(Bucket).delete('c')
    await fill('bb', 'e')
    const next = await client.send(new ListObjectsV2Command({ Bucket, ContinuationToken: first.NextContinuationToken }))
    expect(next.Contents?.map(({ Key }) => Key)).toEqual(['bb', 'd', 'e'])
  })

  it('encodes keys when asked to, and takes no token but its own', async () => {
    await fill('a b/ü&\u0001')
    const listed = await client.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }))
    expect(listed.Contents?.[0]?.Key).toBe('a+b/%C3%BC%26%01')
    const bad = new ListObjectsV2Command({ Bucket, ContinuationToken: 'nonsense' })
    expect(await failure(client.send(bad))).toEqual({ code: 'InvalidArgument', status: 400 })
    expect(await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 0 }))).toMatchObject({
      KeyCount: 0,
      IsTruncated: false,
    })
  })

  it('pages through 20,000 keys', async () => {
    const bucket = s3.bucket(Bucket)
    for (let index = 0; index < 20_000; index++) await bucket.put(`${index % 100}/${index}`, '')
    const found = await pages({ Prefix: '7' })
    expect(found.flat()).toHaveLength(2200)
    expect((await pages({ Delimiter: '/' })).flat()).toHaveLength(100)
  })
})

describe('ListObjects', () => {
  it('pages by marker, and gives the next one only with a delimiter', async () => {
    await fill('a/1', 'a/2', 'b', 'c')
    const first = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 1 }))
    expect(first).toMatchObject({ IsTruncated: true, NextMarker: 'a/' })
    const second = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', Marker: first.NextMarker }))
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['b', 'c'])
    expect(second.CommonPrefixes).toBeUndefined()
    const plain = await client.send(new ListObjectsCommand({ Bucket, MaxKeys: 1 }))
    expect(plain).toMatchObject({ IsTruncated: true })
    expect(plain.NextMarker).toBeUndefined()
  })
})
