import { type KeyObject, createPublicKey, sign, verify } from 'node:crypto'
import { createRequire } from 'node:module'
import { optionError } from '@longshore/middleware-core'
import { codeOf, keyError } from './pem.ts'
import { cannedPolicy } from '../signing/policy.ts'
import { signedUrl } from '../signing/signed-url.ts'
import type { KeyIdentity } from '../signing/signing-key.ts'

/** Loaded with the first key and not with this package: it takes longer to load than all the rest. */
const loadAwsSigner = (): typeof import('@aws-sdk/cloudfront-signer') =>
  createRequire(import.meta.url)('@aws-sdk/cloudfront-signer') as typeof import('@aws-sdk/cloudfront-signer')

const url = 'https://d111111abcdef8.cloudfront.net/a%20trial'
const expires = 2_000_000_000

/**
 * Makes one signature with a key, and has AWS's own signer make it too: both must give the same URL. ECDSA signatures
 * differ from each other, so with an EC key it is the rest of the URL that must be the same.
 */
export function verifyKeyPair(
  key: KeyObject,
  { pem, passphrase }: { pem: string; passphrase: string | undefined },
  identity: KeyIdentity,
): void {
  const { keyPairId, hashAlgorithm } = identity
  const policy = cannedPolicy(url, expires)
  const signature = trial(hashAlgorithm, () => sign(hashAlgorithm, Buffer.from(policy.text), key))
  const ours = signedUrl(url, policy, identity, signature)
  const { getSignedUrl } = loadAwsSigner()
  const theirs = trial(hashAlgorithm, () =>
    getSignedUrl({
      url,
      keyPairId,
      privateKey: pem,
      dateLessThan: new Date(expires * 1000),
      algorithm: hashAlgorithm,
      ...(passphrase === undefined ? {} : { passphrase }),
    }),
  )
  const agreed = key.asymmetricKeyType === 'rsa' ? ours === theirs : withoutSignature(ours) === withoutSignature(theirs)
  if (!agreed || !verify(hashAlgorithm, Buffer.from(policy.text), createPublicKey(key), signature)) {
    throw keyError('found a private key whose signature AWS would not recognise')
  }
}

/** A hash may be forbidden where OpenSSL keeps to a stricter policy, as SHA-1 is on some systems. */
function trial<T>(hashAlgorithm: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw optionError(
      'hashAlgorithm',
      `found ${hashAlgorithm}, which OpenSSL refuses to sign with here (${codeOf(error)})`,
    )
  }
}

const withoutSignature = (signed: string): string => signed.replace(/(?<=&Signature=)[^&]*/, '')
