import { type KeyObject, createPublicKey, sign, verify } from 'node:crypto'
import { createRequire } from 'node:module'
import { optionError } from '@longshore/middleware-core'
import { codeOf, keyError } from './pem.ts'
import { cannedPolicy } from '../signing/policy.ts'
import { signedUrl } from '../signing/signed-url.ts'
import type { KeyIdentity } from '../signing/signing-key.ts'

/** Loads AWS's signer with the first key and not with this package: it takes longer to load than all the rest. */
const loadAwsSigner = (): typeof import('@aws-sdk/cloudfront-signer') =>
  createRequire(import.meta.url)('@aws-sdk/cloudfront-signer') as typeof import('@aws-sdk/cloudfront-signer')

const url = 'https://d111111abcdef8.cloudfront.net/a%20test'
const expires = 2_000_000_000

/**
 * Signs one URL with a key, and has AWS's own signer sign it, too: both must give the same URL. ECDSA signatures differ from
 * each other, so with an EC key the rest of the URL must be the same. Throws a `ConfigError` otherwise.
 */
export function verifyKeyPair(
  key: KeyObject,
  { pem, passphrase }: { pem: string; passphrase: string | undefined },
  identity: KeyIdentity,
): void {
  const { keyPairId, hashAlgorithm } = identity
  const policy = cannedPolicy(url, expires)
  const signature = signOrRefuse(hashAlgorithm, () => sign(hashAlgorithm, Buffer.from(policy.text), key))
  const ours = signedUrl(url, policy, identity, signature)
  const { getSignedUrl } = loadAwsSigner()
  const theirs = signOrRefuse(hashAlgorithm, () =>
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

/** Throws a `ConfigError` where OpenSSL refuses the hash, as some systems' policy makes it refuse SHA-1. */
function signOrRefuse<T>(hashAlgorithm: string, make: () => T): T {
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
