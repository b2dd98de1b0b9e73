import { cloudFrontBase64 } from './base64.ts'
import type { Policy } from './policy.ts'
import type { KeyIdentity, SigningKey } from './signing-key.ts'

/** Signs `url` under a policy. */
export async function signUrl(url: string, policy: Policy, key: SigningKey): Promise<string> {
  return signedUrl(url, policy, key, await key.sign(Buffer.from(policy.text)))
}

/** Puts a signed URL together. CloudFront takes the parameters in any order; this one is that of the AWS signer. */
export function signedUrl(url: string, policy: Policy, key: KeyIdentity, signature: Uint8Array): string {
  const separator = url.includes('?') ? '&' : '?'
  const identity = `Key-Pair-Id=${key.keyPairId}&Signature=${cloudFrontBase64(signature)}`
  const hash = key.hashAlgorithm === 'SHA1' ? '' : `&Hash-Algorithm=${key.hashAlgorithm}`
  return `${url}${separator}${policy.parameter}=${policy.value}&${identity}${hash}`
}
