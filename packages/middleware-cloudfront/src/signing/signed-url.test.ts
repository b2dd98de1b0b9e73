import { describe, expect, it } from '@jest/globals'
import { getSignedUrl } from '@aws-sdk/cloudfront-signer'
import { ecKey, rsaKey } from '../../test/signing-keys.ts'
import { isSignedBy, readSignedUrl } from '../../test/signed-url.ts'
import { awkwardKeys } from '../../test/awkward.ts'
import { readSigningKey } from '../keys/load-keys.ts'
import { cannedPolicy } from './policy.ts'
import { distributionUrl, encodeKey } from './url-encoding.ts'
import { signUrl } from './signed-url.ts'
import { type HashAlgorithm, hashAlgorithms } from './signing-key.ts'

const keyPairId = 'K2JCJMDEHXQW5F'
const expires = 1_900_000_000
const base = distributionUrl('d111111abcdef8.cloudfront.net/a b+c') as string

function signed(url: string, pem: string, hashAlgorithm: HashAlgorithm): Promise<string> {
  const key = readSigningKey({ keyPairId, hashAlgorithm, privateKey: pem })
  return signUrl(url, cannedPolicy(url, expires), key)
}

describe('a signed URL', () => {
  const keys = { rsa: rsaKey(), ec: ecKey() }

  it.each(hashAlgorithms)('is byte for byte that of the AWS signer, with RSA and %s', async hashAlgorithm => {
    const { pem, publicKey } = keys.rsa
    const key = readSigningKey({ keyPairId, hashAlgorithm, privateKey: pem })
    for (const awkward of awkwardKeys(100)) {
      const url = base + encodeKey(awkward)
      const ours = await signUrl(url, cannedPolicy(url, expires), key)
      const request = { keyPairId, privateKey: pem, dateLessThan: new Date(expires * 1000), algorithm: hashAlgorithm }
      expect(ours).toBe(getSignedUrl({ ...request, url }))
      expect(isSignedBy(publicKey, ours)).toBe(true)
      expect(new URL(ours).href).toBe(ours)
    }
  })

  it.each(hashAlgorithms.flatMap(hash => [['rsa', hash] as const, ['ec', hash] as const]))(
    'is verified by the public key: %s, %s',
    async (type, hashAlgorithm) => {
      const url = `${base}docker/registry/v2/blobs/sha256/aa/aaaa/data`
      const ours = await signed(url, keys[type].pem, hashAlgorithm)
      expect(isSignedBy(keys[type].publicKey, ours)).toBe(true)
      expect(readSignedUrl(ours)).toMatchObject({ resource: url, expires, keyPairId, hash: hashAlgorithm })
    },
  )

  it('names the hash only when it is not the one that CloudFront takes for granted', async () => {
    expect(await signed(base, keys.ec.pem, 'SHA1')).not.toContain('Hash-Algorithm')
    expect(await signed(base, keys.ec.pem, 'SHA256')).toMatch(/&Hash-Algorithm=SHA256$/)
  })

  it('keeps a query that the URL has', async () => {
    const url = `${base}a?versionId=7`
    const ours = await signed(url, keys.rsa.pem, 'SHA1')
    expect(ours.startsWith(`${url}&Expires=${expires}&`)).toBe(true)
    expect(isSignedBy(keys.rsa.publicKey, ours)).toBe(true)
  })
})
