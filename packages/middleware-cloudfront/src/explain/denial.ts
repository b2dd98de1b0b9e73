import { type KeyObject, verify } from 'node:crypto'
import { fromCloudFrontBase64 } from '../signing/base64.ts'
import { parseIp } from '../clients/ip-address.ts'
import { MalformedPolicy, type ReadPolicy, isInBlock } from './read-policy.ts'
import { hashAlgorithms } from '../signing/signing-key.ts'
import { resourceMatches } from '../signing/wildcard.ts'

/** Codes with which CloudFront refuses, each with status 403. */
export type DenialCode = 'MissingKey' | 'InvalidKey' | 'MalformedSignature' | 'MalformedPolicy' | 'AccessDenied'

/** Reasons of a denial. CloudFront gives most of them the same code. */
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

/** Refusal by CloudFront, which itself tells clients nothing but the code. */
export interface Denial {
  readonly code: DenialCode
  readonly reason: DenialReason
  /** Message for people, without a full stop. */
  readonly message: string
}

/** Signed request, split into its parts. */
export interface SignedRequest {
  /** URL without CloudFront's parameters; undefined when it is not known. */
  readonly url: string | undefined
  readonly keyPairId: string | undefined
  /** Signature in CloudFront's base64. */
  readonly signature: string | undefined
  readonly hashAlgorithm: string
  readonly policy: ReadPolicy | MalformedPolicy
}

/** Keys, time and client by which a request is verified. */
export interface VerificationContext {
  readonly keys: ReadonlyMap<string, KeyObject>
  /** Milliseconds since 1970. */
  readonly now: number
  /** IP address of the client; undefined when it is not checked. */
  readonly clientIp: string | undefined
}

/**
 * Finds the first reason for which CloudFront refuses a request; undefined when it serves it. The order is the one observed at
 * CloudFront, as far as it is known: key, form of the signature, form of the policy, and then all that is AccessDenied.
 */
export function findDenial(request: SignedRequest, context: VerificationContext): Denial | undefined {
  const { keyPairId, signature: encoded = '', policy } = request
  const { keys } = context
  if (keyPairId === undefined) return deny('MissingKey', 'missing-key', 'there is no Key-Pair-Id')
  const key = keys.get(keyPairId)
  if (!key) {
    const known = [...keys.keys()].join(', ') || 'none'
    return deny('InvalidKey', 'unknown-key', `there is no public key ${keyPairId}; known: ${known}`)
  }
  const signature = fromCloudFrontBase64(encoded)
  if (!signature) {
    const found = encoded === '' ? 'there is no Signature' : "Signature is not in CloudFront's base64"
    return deny('MalformedSignature', 'malformed-signature', found)
  }
  if (policy instanceof MalformedPolicy) return deny('MalformedPolicy', 'malformed-policy', policy.message)
  return (
    findSignatureDenial({ ...request, signature, text: policy.text }, key, keys) ??
    findPolicyDenial(policy, request.url, context)
  )
}

interface Signed {
  readonly signature: Buffer
  readonly hashAlgorithm: string
  readonly text: string
}

function findSignatureDenial(
  { signature, hashAlgorithm, text }: Signed,
  key: KeyObject,
  keys: ReadonlyMap<string, KeyObject>,
): Denial | undefined {
  if (!hashAlgorithms.some(known => known === hashAlgorithm)) {
    const message = `Hash-Algorithm is ${JSON.stringify(hashAlgorithm)}; known: ${hashAlgorithms.join(', ')}`
    return denyAccess('unknown-hash-algorithm', message)
  }
  const verifies = (hash: string, by: KeyObject): boolean => verify(hash, Buffer.from(text), by, signature)
  if (verifies(hashAlgorithm, key)) return undefined
  const made = hashAlgorithms.find(other => verifies(other, key))
  if (made) {
    const message = `the signature was made with ${made}, but Hash-Algorithm says ${hashAlgorithm} (SHA1 when it is absent)`
    return denyAccess('wrong-hash-algorithm', message)
  }
  const [other] = [...keys].find(([, key]) => verifies(hashAlgorithm, key)) ?? []
  const whose = other === undefined ? 'not over this policy, or by a key that is not known here' : `by the key ${other}`
  return denyAccess('wrong-signature', `the signature was made ${whose}`)
}

function findPolicyDenial(
  policy: ReadPolicy,
  url: string | undefined,
  context: VerificationContext,
): Denial | undefined {
  const { resource, expires, notBefore, ipAddress } = policy
  const { now, clientIp } = context
  const second = BigInt(Math.floor(now / 1000))
  if (resource !== undefined && url !== undefined && !resourceMatches(resource, url)) {
    return denyAccess('wrong-resource', `the policy is for ${resource}, and not for ${url}`)
  }
  if (second >= expires) return denyAccess('expired', `the policy ended ${second - expires} seconds ago`)
  if (notBefore !== undefined && second <= notBefore) {
    return denyAccess('not-yet-valid', `the policy begins in ${notBefore - second + 1n} seconds`)
  }
  if (ipAddress !== undefined && clientIp !== undefined) {
    const address = parseIp(clientIp)
    const isServed = address !== undefined && isInBlock(address, ipAddress)
    if (!isServed) return denyAccess('wrong-address', `the policy is for ${ipAddress}, and not for ${clientIp}`)
  }
  return undefined
}

function deny(code: DenialCode, reason: DenialReason, message: string): Denial {
  return { code, reason, message }
}

const denyAccess = (reason: DenialReason, message: string): Denial => deny('AccessDenied', reason, message)
