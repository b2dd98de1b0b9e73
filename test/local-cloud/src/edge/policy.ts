import { Denial } from './denial.ts'
import { resourceMatches } from './wildcard.ts'

/** What a policy allows, canned or custom. */
export interface Policy {
  /** A URL, with wildcards in a custom policy; `undefined` is everything. */
  resource: string | undefined
  /** Seconds since the epoch. */
  expires: bigint
  notBefore: bigint | undefined
  /** An IPv4 address or CIDR block. */
  sourceIp: string | undefined
}

export interface Viewer {
  /** The URL as it was sent, without CloudFront's own parameters. */
  url: string
  address: string
  /** Milliseconds since the epoch. */
  now: number
}

const LATEST = 2n ** 63n - 1n

/** The policy that CloudFront builds itself from `Expires`; its bytes are what is signed. */
export function cannedPolicy(url: string, expires: string): { policy: Policy; signed: string } {
  return {
    policy: {
      resource: url,
      expires: epochTime(/^\d+$/.test(expires) ? expires : undefined),
      notBefore: undefined,
      sourceIp: undefined,
    },
    signed: `{"Statement":[{"Resource":"${url}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`,
  }
}

/** Exactly one statement, with exactly the names of "Create a signed URL using a custom policy". */
export function parseCustomPolicy(json: string): Policy {
  let parsed: unknown
  try {
    // The times are 64-bit integers, which JSON.parse would round.
    parsed = JSON.parse(json.replaceAll(/("AWS:EpochTime"\s*:\s*)(\d+)(?=\s*[,}])/g, '$1"$2"'))
  } catch {
    throw new Denial('MalformedPolicy')
  }
  const { Statement: statements } = fields(parsed, ['Statement'])
  if (!Array.isArray(statements) || statements.length !== 1) throw new Denial('MalformedPolicy')
  const { Resource: resource, Condition: condition } = fields(statements[0], ['Resource', 'Condition'])
  if (resource !== undefined && typeof resource !== 'string') throw new Denial('MalformedPolicy')
  const { DateLessThan, DateGreaterThan, IpAddress } = fields(condition, [
    'DateLessThan',
    'DateGreaterThan',
    'IpAddress',
  ])
  const sourceIp = IpAddress === undefined ? undefined : fields(IpAddress, ['AWS:SourceIp'])['AWS:SourceIp']
  if (IpAddress !== undefined && (typeof sourceIp !== 'string' || parseBlock(sourceIp) === undefined)) {
    throw new Denial('MalformedPolicy')
  }
  return {
    resource,
    expires: epochTime(fields(DateLessThan, ['AWS:EpochTime'])['AWS:EpochTime']),
    notBefore:
      DateGreaterThan === undefined
        ? undefined
        : epochTime(fields(DateGreaterThan, ['AWS:EpochTime'])['AWS:EpochTime']),
    sourceIp: typeof sourceIp === 'string' ? sourceIp : undefined,
  }
}

export function allows(policy: Policy, viewer: Viewer): boolean {
  const seconds = BigInt(Math.floor(viewer.now / 1000))
  if (policy.resource !== undefined && !resourceMatches(policy.resource, viewer.url)) return false
  if (seconds >= policy.expires) return false
  // "Users can't access the file on or before" it.
  if (policy.notBefore !== undefined && seconds <= policy.notBefore) return false
  return policy.sourceIp === undefined || inBlock(viewer.address, policy.sourceIp)
}

function epochTime(value: unknown): bigint {
  const time = typeof value === 'string' && /^\d{1,19}$/.test(value) ? BigInt(value) : undefined
  if (time === undefined || time > LATEST) throw new Denial('MalformedPolicy')
  return time
}

function fields(value: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Denial('MalformedPolicy')
  if (!Object.keys(value).every(name => names.includes(name))) throw new Denial('MalformedPolicy')
  return { ...value }
}

/** Viewers by IPv6 are outside of every block: policies know IPv4 only. */
function inBlock(address: string, block: string): boolean {
  const viewer = parseAddress(address.replace(/^::ffff:/i, ''))
  const parsed = parseBlock(block)
  if (viewer === undefined || parsed === undefined) return false
  const size = 2 ** (32 - parsed.bits)
  return Math.floor(viewer / size) === Math.floor(parsed.address / size)
}

function parseBlock(text: string): { address: number; bits: number } | undefined {
  const [base = '', bits = '32', ...rest] = text.split('/')
  const address = parseAddress(base)
  if (address === undefined || rest.length > 0 || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined
  return { address, bits: Number(bits) }
}

function parseAddress(text: string): number | undefined {
  const bytes = text.split('.')
  if (bytes.length !== 4 || !bytes.every(byte => /^\d{1,3}$/.test(byte) && Number(byte) < 256)) return undefined
  return bytes.reduce((sum, byte) => sum * 256 + Number(byte), 0)
}
