import { channel } from 'node:diagnostics_channel'
import { afterEach, expect, it } from '@jest/globals'
import { compose } from '@longshore/middleware-core'
import { bucketDriver } from '../test/bucket-driver.ts'
import { ecKey } from '../test/signing-keys.ts'
import { type SignedUrlTrace, signedUrlChannel } from './diagnostics.ts'
import { cloudfront } from './middleware.ts'

const seen: boolean[] = []
const listener = (trace: unknown): void => void seen.push((trace as SignedUrlTrace).isCached)

afterEach(() => {
  signedUrlChannel.unsubscribe(listener)
  seen.length = 0
})

const options = { baseUrl: 'https://d111111abcdef8.cloudfront.net/', privateKey: ecKey().pem, keyPairId: 'K1' }

it('says of each URL whether it had to be signed', async () => {
  await using storage = compose(bucketDriver(), cloudfront(options))
  signedUrlChannel.subscribe(listener)
  await Promise.all([storage.urlFor('/a'), storage.urlFor('/a')])
  await storage.urlFor('/a')
  await storage.urlFor('/b')
  expect([seen.length, seen.filter(isCached => isCached).length]).toEqual([4, 2])
})

it('says nothing of URLs that are not CloudFront’s', async () => {
  await using storage = compose(bucketDriver(), cloudfront({ ...options, maxObjectSize: 10 }))
  signedUrlChannel.subscribe(listener)
  expect((await storage.urlFor('/a', { size: 11 }))?.via).not.toBe('cloudfront')
  expect(seen).toEqual([])
})

it('says that every URL was signed where none is kept', async () => {
  await using storage = compose(bucketDriver(), cloudfront({ ...options, expiryWindow: '0s' }))
  signedUrlChannel.subscribe(listener)
  await storage.urlFor('/a')
  await storage.urlFor('/a')
  expect(seen).toEqual([false, false])
})

it('is found by its name', () => {
  expect(channel('longshore:signed-url')).toBe(signedUrlChannel)
})
