import { type KeyObject, verify } from 'node:crypto'
import { fromCloudFrontBase64 } from '../signing/base64.ts'
import { parseIp } from '../clients/ip-address.ts'
import { MalformedPolicy, type ReadPolicy, isInBlock } from './read-policy.ts'
import { hashAlgorithms } from '../signing/signing-key.ts'
import { resourceMatches } from '../signing/wildcard.ts'

/** The codes with which CloudFront refuses, each with status 403. */
export type DenialCode = 'MissingKey' | 'InvalidKey' | 'MalformedSignature' | 'MalformedPolicy' | 'AccessDenied'

/** What programs can tell refusals apart by; CloudFront gives most of them the same code. */
export type DenialReason =
  | 'missing-key'
  | 'unknown-key'
  | 'malformed-signature'
  | 'malformed-policy'
  | 'unknown-hash-algorithm'
  | 'wrong-hash-algorithm'
  | 'wrong-signature'
  | 'wrong-resource'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-address'

/** Why CloudFront would refuse. CloudFront itself tells its viewers nothing but the code. */
export interface Denial {
  readonly code: DenialCode
  readonly reason: DenialReason
  /** For people; no full stop at its end. */
  readonly message: string
}

/** A signed request as CloudFront takes it apart. */
export interface SignedRequest {
  /** Without CloudFront's parameters; undefined when it is not known. */
  readonly url: string | undefined
  readonly keyPairId: string | undefined
  /** In CloudFront's base64. */
  readonly signature: string | undefined
  readonly hashAlgorithm: string
  readonly policy: ReadPolicy | MalformedPolicy
}

/** Whom and what a request is judged by. */
export interface VerificationContext {
  readonly keys: ReadonlyMap<string, KeyObject>
  /** Milliseconds since 1970. */
  readonly now: number
  /** Undefined: the address is not checked. */
  readonly clientIp: string | undefined
}

/**
 * The first thing that CloudFront stumbles upon; undefined when it serves the request. The order is the one observed at
 * CloudFront, as far as it is known: key, form of the signature, form of the policy, and then what is AccessDenied.
 */
export function refusalOf(request: SignedRequest, circumstances: VerificationContext): Denial | undefined {
  const { keyPairId, signature: encoded = '', policy } = request
  const { keys } = circumstances
  if (keyPairId === undefined) return refused('MissingKey', 'missing-key', 'there is no Key-Pair-Id')
  const key = keys.get(keyPairId)
  if (!key) {
    const known = [...keys.keys()].join(', ') || 'none'
    return refused('InvalidKey', 'unknown-key', `there is no public key ${keyPairId}; known: ${known}`)
  }
  const signature = fromCloudFrontBase64(encoded)
  if (!signature) {
    const found = encoded === '' ? 'there is no Signature' : "Signature is not in CloudFront's base64"
    return refused('MalformedSignature', 'malformed-signature', found)
  }
  if (policy instanceof MalformedPolicy) return refused('MalformedPolicy', 'malformed-policy', policy.message)
  return (
    signatureRefusal({ ...request, signature, text: policy.text }, key, keys) ??
    accessRefusal(policy, request.url, circumstances)
  )
}

interface Signed {
  readonly signature: Buffer
  readonly hashAlgorithm: string
  readonly text: string
}

function signatureRefusal(
  { signature, hashAlgorithm, text }: Signed,
  key: KeyObject,
  keys: ReadonlyMap<string, KeyObject>,
): Denial | undefined {
  if (!hashAlgorithms.some(known => known === hashAlgorithm)) {
    const message = `Hash-Algorithm is ${JSON.stringify(hashAlgorithm)}; known: ${hashAlgorithms.join(', ')}`
    return denied('unknown-hash-algorithm', message)
  }
  const verifies = (hash: string, by: KeyObject): boolean => verify(hash, Buffer.from(text), by, signature)
  if (verifies(hashAlgorithm, key)) return undefined
  const made = hashAlgorithms.find(other => verifies(other, key))
  if (made) {
    const message = `the signature was made with ${made}, but Hash-Algorithm says ${hashAlgorithm} (SHA1 when it is absent)`
    return denied('wrong-hash-algorithm', message)
  }
  const [other] = [...keys].find(([, key]) => verifies(hashAlgorithm, key)) ?? []
  const whose = other === undefined ? 'not over this policy, or by a key that is not known here' : `by the key ${other}`
  return denied('wrong-signature', `the signature was made ${whose}`)
}

function accessRefusal(
  policy: ReadPolicy,
  url: string | undefined,
  circumstances: VerificationContext,
): Denial | undefined {
  const { resource, expires, notBefore, ipAddress } = policy
  const { now, clientIp } = circumstances
  const second = BigInt(Math.floor(now / 1000))
  if (resource !== undefined && url !== undefined && !resourceMatches(resource, url)) {
    return denied('wrong-resource', `the policy is for ${resource}, and not for ${url}`)
  }
  if (second >= expires) return denied('expired', `the policy ended ${second - expires} seconds ago`)
  if (notBefore !== undefined && second <= notBefore) {
    return denied('not-yet-valid', `the policy begins in ${notBefore - second + 1n} seconds`)
  }
  if (ipAddress !== undefined && clientIp !== undefined) {
    const address = parseIp(clientIp)
    const isServed = address !== undefined && isInBlock(address, ipAddress)
    if (!isServed) return denied('wrong-address', `the policy is for ${ipAddress}, and not for ${clientIp}`)
  }
  return undefined
}

function refused(code: DenialCode, reason: DenialReason, message: string): Denial {
  return { code, reason, message }
}

const denied = (reason: DenialReason, message: string): Denial => refused('AccessDenied', reason, message)
