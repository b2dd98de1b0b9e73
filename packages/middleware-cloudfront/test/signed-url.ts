import { type KeyObject, verify } from 'node:crypto'

/** What CloudFront reads from a signed URL, read here without any of the code that made it. */
export interface ReadUrl {
  /** The URL without CloudFront's parameters, byte for byte. */
  readonly resource: string
  /** Seconds since 1970. */
  readonly expires: number
  readonly keyPairId: string | null
  readonly hash: string
  readonly signature: Buffer
}

export function readSignedUrl(url: string): ReadUrl {
  const start = url.search(/[?&]Expires=/)
  const parameters = new URLSearchParams(url.slice(start + 1))
  const base64 = (parameters.get('Signature') ?? '').replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/')
  return {
    resource: url.slice(0, start),
    expires: Number(parameters.get('Expires')),
    keyPairId: parameters.get('Key-Pair-Id'),
    hash: parameters.get('Hash-Algorithm') ?? 'SHA1',
    signature: Buffer.from(base64, 'base64'),
  }
}

/** Whether CloudFront, knowing `publicKey`, would take the signature: it rebuilds the canned policy from the URL. */
export function isSignedBy(publicKey: KeyObject, url: string): boolean {
  const { resource, expires, hash, signature } = readSignedUrl(url)
  const policy = `{"Statement":[{"Resource":"${resource}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`
  return verify(hash, Buffer.from(policy), publicKey, signature)
}
