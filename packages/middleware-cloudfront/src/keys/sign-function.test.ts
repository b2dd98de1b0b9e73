import { describe, expect, it } from '@jest/globals'
import { sign as signBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { StorageError, compose } from '@longshore/middleware-core'
import { bucketDriver } from '../../test/bucket-driver.ts'
import { isSignedBy } from '../../test/signed-url.ts'
import { ecKey, rsaKey } from '../../test/signing-keys.ts'
import { thrownBy } from '../../test/thrown.ts'
import { type CloudFrontOptions, type SignFunction, cloudfront, createSigner } from '../index.ts'

const rsa = rsaKey()
const ec = ecKey()
const baseUrl = 'https://d111111abcdef8.cloudfront.net/'

/** A KMS, as far as a caller can see. */
const kms =
  (key = rsa, hash = 'SHA256'): SignFunction =>
  bytes =>
    promisify(signBytes)(hash, bytes, key.privateKey)

function storageWith(options: Partial<CloudFrontOptions> & { sign: SignFunction }): ReturnType<typeof compose> {
  return compose(bucketDriver(), cloudfront({ baseUrl, keyPairId: 'KMS', hashAlgorithm: 'SHA256', ...options }))
}

describe('a function that signs', () => {
  it.each([
    ['RSA', rsa],
    ['EC', ec],
  ])('stands in for a private key: %s', async (_, key) => {
    const storage = storageWith({ sign: kms(key), publicKey: key.publicKey })
    const signed = await storage.urlFor('/a')
    expect(signed?.url).toContain('Key-Pair-Id=KMS')
    expect(isSignedBy(key.publicKey, signed?.url ?? '')).toBe(true)
    const signer = createSigner({ keyPairId: 'KMS', hashAlgorithm: 'SHA256', sign: kms(key) })
    const { url } = await signer.signUrl(`${baseUrl}a`, { expiresIn: 60 })
    expect(isSignedBy(key.publicKey, url)).toBe(true)
  })

  it('is asked once for an object in a window, however many wait for it', async () => {
    let calls = 0
    const storage = storageWith({
      cacheSize: 1,
      sign: async bytes => {
        calls++
        await new Promise(resolve => setImmediate(resolve))
        return kms()(bytes)
      },
    })
    const paths = Array.from({ length: 2000 }, (_, index) => (index % 2 ? '/a' : '/b'))
    const pulls = await Promise.all(paths.map(path => storage.urlFor(path)))
    expect(new Set(pulls.map(pull => pull?.url)).size).toBe(2)
    expect(calls).toBe(2)
  })

  it.each<[string, unknown, string]>([
    ['a throttled KMS', Object.assign(new Error(), { name: 'ThrottlingException', $retryable: {} }), 'UNAVAILABLE'],
    ['a failing KMS', Object.assign(new Error(), { $fault: 'server' }), 'UNAVAILABLE'],
    ['a 429', Object.assign(new Error(), { $metadata: { httpStatusCode: 429 } }), 'UNAVAILABLE'],
    ['a lost connection', Object.assign(new Error(), { code: 'ECONNRESET' }), 'UNAVAILABLE'],
    ['a time limit', new DOMException('late', 'TimeoutError'), 'UNAVAILABLE'],
    ['no permission', Object.assign(new Error('hush'), { name: 'AccessDeniedException' }), 'UNKNOWN'],
    ['what is no error', 'hush', 'UNKNOWN'],
    ['an error of ours', new StorageError('ACCESS_DENIED', 'no'), 'ACCESS_DENIED'],
  ])('that fails because of %s', async (_, error, code) => {
    const storage = storageWith({ sign: () => Promise.reject(error) })
    const failed = storage.urlFor('/a')
    await expect(failed).rejects.toMatchObject({ code, driver: 'bucket', path: '/a' })
    await expect(failed).rejects.toMatchObject({ message: expect.not.stringContaining('hush') })
  })

  it('is asked again after it failed', async () => {
    let calls = 0
    const storage = storageWith({ sign: bytes => (calls++ ? kms()(bytes) : Promise.reject(new Error('once'))) })
    await expect(storage.urlFor('/a')).rejects.toMatchObject({ code: 'UNKNOWN' })
    expect(await storage.urlFor('/a')).toBeDefined()
  })

  it.each<[string, SignFunction, string]>([
    ['nothing', () => undefined as never, 'gave no signature; accepted: a Uint8Array'],
    ['an empty signature', () => new Uint8Array(), 'gave no signature'],
    [
      'a signature with another hash',
      kms(rsa, 'SHA1'),
      'gave a signature that the public key does not verify with SHA256',
    ],
    ["another key's signature", kms(ec), 'gave a signature that the public key does not verify'],
  ])('that gives %s has failed', async (_, sign, message) => {
    const storage = storageWith({ sign, publicKey: rsa.publicKey })
    await expect(storage.urlFor('/a')).rejects.toMatchObject({
      code: 'UNKNOWN',
      message: expect.stringContaining(message),
    })
  })

  it('comes with a public key that CloudFront takes', () => {
    const publicKey = ecKey('P-384').publicKey
    const error = thrownBy(() => createSigner({ keyPairId: 'KMS', sign: kms(), publicKey }))
    expect(error.message).toContain(
      'publicKey: found a public key of type ec on secp384r1; accepted: an RSA public key',
    )
  })

  it('keeps nobody waiting who gave up', async () => {
    const storage = storageWith({ sign: () => new Promise(() => {}) })
    const abort = new AbortController()
    const pull = storage.urlFor('/a', { signal: abort.signal })
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(pull).rejects.toBe(reason)
  })
})
