import { fromCloudFrontBase64 } from '../signing/base64.ts'
import { type IpAddress, parseIp } from '../clients/ip-address.ts'
import type { SigningParameter } from '../signing/query-parameters.ts'
import { cannedPolicy } from '../signing/policy.ts'

/** Policy as CloudFront parses it. Times are seconds since 1970, which may need all of 64 bits. */
export interface ReadPolicy {
  readonly kind: 'canned' | 'custom'
  /** Text that was signed. */
  readonly text: string
  /** URL or pattern of URLs; undefined when it is every URL. */
  readonly resource: string | undefined
  readonly expires: bigint
  readonly notBefore: bigint | undefined
  /** IPv4 block of the only clients that are served. */
  readonly ipAddress: string | undefined
}

/** Policy that CloudFront refuses with MalformedPolicy. The message says why. */
export class MalformedPolicy extends Error {
  override readonly name = 'MalformedPolicy'
}

const MAX_TIME = 2n ** 63n - 1n

/** Reads the policy in the parameters of a request for `url`. Throws {@link MalformedPolicy}. */
export function readPolicy(parameters: ReadonlyMap<SigningParameter, string>, url: string): ReadPolicy {
  const encoded = parameters.get('Policy')
  if (encoded !== undefined) return readCustomPolicy(encoded)
  const expires = parameters.get('Expires')
  if (expires === undefined) throw new MalformedPolicy('there is neither Expires nor Policy')
  const time = readTime(expires, 'Expires')
  // The digits as they were sent: CloudFront signs them as they are.
  const text = cannedPolicy(url, 0).text.replace(/0(?=}}}]}$)/, expires)
  return { kind: 'canned', text, resource: url, expires: time, notBefore: undefined, ipAddress: undefined }
}

function readCustomPolicy(encoded: string): ReadPolicy {
  const text = fromCloudFrontBase64(encoded)?.toString()
  if (text === undefined) throw new MalformedPolicy("Policy is not in CloudFront's base64")
  const { Statement: statements } = fieldsOf(parseJson(text), 'the policy', ['Statement'])
  if (!Array.isArray(statements) || statements.length !== 1) {
    throw new MalformedPolicy('Statement is not a list of exactly one statement')
  }
  const { Resource: resource, Condition: condition } = fieldsOf(statements[0], 'the statement', [
    'Resource',
    'Condition',
  ])
  if (resource !== undefined && typeof resource !== 'string') throw new MalformedPolicy('Resource is not a text')
  const names = ['DateLessThan', 'DateGreaterThan', 'IpAddress']
  const { DateLessThan, DateGreaterThan, IpAddress } = fieldsOf(condition, 'Condition', names)
  return {
    kind: 'custom',
    text,
    resource,
    expires: timeIn(DateLessThan, 'DateLessThan'),
    notBefore: DateGreaterThan === undefined ? undefined : timeIn(DateGreaterThan, 'DateGreaterThan'),
    ipAddress: IpAddress === undefined ? undefined : readBlock(IpAddress),
  }
}

/** True where an address lies in a policy's block. An IPv6 address lies in none: policies know IPv4 only. */
export function isInBlock(address: IpAddress, block: string): boolean {
  const parsed = parseBlock(block)
  const [ipv4] = address
  if (parsed === undefined || address.length !== 1 || ipv4 === undefined) return false
  const size = 2 ** (32 - parsed.bits)
  return Math.floor(ipv4 / size) === Math.floor(parsed.ipv4 / size)
}

function parseJson(text: string): unknown {
  try {
    // JSON.parse would round 64-bit integers.
    return JSON.parse(text.replaceAll(/("AWS:EpochTime"\s*:\s*)(\d+)(?=\s*[,}])/g, '$1"$2"'))
  } catch {
    throw new MalformedPolicy('Policy is no JSON')
  }
}

function fieldsOf(value: unknown, what: string, names: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedPolicy(`${what} is missing`)
  const unknown = Object.keys(value).find(name => !names.includes(name))
  if (unknown !== undefined) throw new MalformedPolicy(`${what} has the unknown name ${JSON.stringify(unknown)}`)
  return { ...value }
}

function timeIn(condition: unknown, name: string): bigint {
  return readTime(fieldsOf(condition, name, ['AWS:EpochTime'])['AWS:EpochTime'], name)
}

function readTime(value: unknown, name: string): bigint {
  const time = typeof value === 'string' && /^\d{1,19}$/.test(value) ? BigInt(value) : undefined
  if (time === undefined || time > MAX_TIME) throw new MalformedPolicy(`${name} is not a number of seconds since 1970`)
  return time
}

function readBlock(condition: unknown): string {
  const block = fieldsOf(condition, 'IpAddress', ['AWS:SourceIp'])['AWS:SourceIp']
  if (typeof block === 'string' && parseBlock(block)) return block
  throw new MalformedPolicy('AWS:SourceIp is not an IPv4 address or block')
}

function parseBlock(block: string): { ipv4: number; bits: number } | undefined {
  const [, address = '', bits = '32'] = /^([\d.]+)(?:\/(\d{1,2}))?$/.exec(block) ?? []
  const [ipv4] = parseIp(address) ?? []
  return ipv4 === undefined || Number(bits) > 32 ? undefined : { ipv4, bits: Number(bits) }
}
