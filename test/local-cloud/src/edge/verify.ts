import { verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { percentDecode, splitTarget } from '../query.ts'
import { decodeCloudFrontBase64 } from './base64.ts'
import { allows, cannedPolicy, parseCustomPolicy } from './policy.ts'
import { Denial } from './denial.ts'

/** CloudFront's own query parameters, which it takes out before it looks at the URL. */
const PARAMETERS = ['Expires', 'Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm'] as const

type Parameter = (typeof PARAMETERS)[number]

export type HashAlgorithm = 'SHA1' | 'SHA256'

export function isSignatureParameter(name: string): boolean {
  return PARAMETERS.some(known => known === name)
}

export interface ViewerRequest {
  /** Scheme and host, `https://cdn.example.com`. */
  origin: string
  /** Path and query as sent. */
  target: string
  cookie: string | undefined
  address: string
}

export interface Trust {
  keys: ReadonlyMap<string, KeyObject>
  hashAlgorithms: readonly HashAlgorithm[]
  /** Milliseconds since the epoch. */
  now: number
}

/**
 * Throws a `Denial` unless the request is signed by a trusted key and inside its policy. The order of the checks is the
 * one observed at CloudFront as far as it is known: key id, signature's form, policy's form, and then access.
 */
export function verifyViewer(request: ViewerRequest, trust: Trust): void {
  const { url, parameters } = readTarget(request)
  const signing = parameters.size > 0 ? parameters : readCookies(request.cookie ?? '')
  const keyId = signing.get('Key-Pair-Id')
  if (!keyId) throw new Denial('MissingKey')
  const key = trust.keys.get(keyId)
  if (!key) throw new Denial('InvalidKey')
  const signature = decodeCloudFrontBase64(signing.get('Signature') ?? '')
  if (!signature) throw new Denial('MalformedSignature')
  const { policy, signed } = readPolicy(url, signing)
  const named = signing.get('Hash-Algorithm') ?? 'SHA1'
  const hash = trust.hashAlgorithms.find(known => known === named)
  if (hash === undefined) throw new Denial('AccessDenied')
  if (!verify(hash, Buffer.from(signed), key, signature)) throw new Denial('AccessDenied')
  if (!allows(policy, { url, address: request.address, now: trust.now })) throw new Denial('AccessDenied')
}

function readPolicy(url: string, signing: ReadonlyMap<Parameter, string>) {
  const encoded = signing.get('Policy')
  if (encoded === undefined) {
    const expires = signing.get('Expires')
    if (expires === undefined) throw new Denial('MalformedPolicy')
    return cannedPolicy(url, expires)
  }
  const signed = decodeCloudFrontBase64(encoded)?.toString()
  if (signed === undefined) throw new Denial('MalformedPolicy')
  return { policy: parseCustomPolicy(signed), signed }
}

/** The URL without CloudFront's parameters, byte for byte as sent, and these parameters. */
function readTarget({ origin, target }: ViewerRequest): { url: string; parameters: Map<Parameter, string> } {
  const { path, query: sent } = splitTarget(target)
  const parameters = new Map<Parameter, string>()
  const kept: string[] = []
  for (const pair of sent === '' ? [] : sent.split('&')) {
    const [name = '', ...value] = pair.split('=')
    const parameter = PARAMETERS.find(known => known === name)
    if (parameter === undefined) kept.push(pair)
    else parameters.set(parameter, percentDecode(value.join('=')))
  }
  const query = kept.join('&')
  return { url: `${origin}${path}${query === '' ? '' : `?${query}`}`, parameters }
}

/** The same parameters as cookies: `CloudFront-Expires`, ... Names are case-sensitive. */
function readCookies(header: string): Map<Parameter, string> {
  const parameters = new Map<Parameter, string>()
  for (const pair of header.split(';')) {
    const [name = '', ...value] = pair.trim().split('=')
    const parameter = PARAMETERS.find(known => `CloudFront-${known}` === name)
    if (parameter !== undefined) parameters.set(parameter, value.join('='))
  }
  return parameters
}
