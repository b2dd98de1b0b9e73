import { parsePrefix } from './ip-prefix.ts'
import { IpRanges } from './ip-ranges.ts'

/** Which entries of the file count. An empty list stands for all. Names match without regard to case. */
export interface WantedRanges {
  /** `eu-central-1`; what belongs to no region is under `GLOBAL`. */
  readonly regions: readonly string[]
  /** `EC2`, `S3`, ...; every entry is under `AMAZON` too. */
  readonly services: readonly string[]
}

/** What a file came to. */
export interface IpRangesFile {
  readonly ranges: IpRanges
  /** How many entries count. */
  readonly prefixes: number
  /** How many entries were left out because they have no legible prefix. */
  readonly skipped: number
  /** Wanted regions and services that the file does not know. */
  readonly unknown: readonly string[]
}

/**
 * Reads AWS's list of its address ranges. Entries that cannot be read are left out; a text that is not such a list, or one
 * without any prefix, is an error.
 *
 * Form of the file: https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
 */
export function readIpRangesFile(text: string, wanted: WantedRanges): IpRangesFile {
  const regions = new NameFilter(wanted.regions)
  const services = new NameFilter(wanted.services)
  const prefixes = []
  let [legible, skipped] = [0, 0]
  for (const { prefix: given, region, service } of entriesOf(parse(text))) {
    const prefix = typeof given === 'string' ? parsePrefix(given) : undefined
    if (prefix === undefined) {
      skipped++
      continue
    }
    legible++
    // Both are asked, so that each learns every name of the file.
    const [isRegion, isService] = [regions.matches(region), services.matches(service)]
    if (isRegion && isService) prefixes.push(prefix)
  }
  if (legible === 0) throw new Error(`the answer has no address ranges (illegible entries: ${skipped})`)
  const ranges = new IpRanges(prefixes)
  return { ranges, prefixes: prefixes.length, skipped, unknown: [...regions.unmet, ...services.unmet] }
}

interface Entry {
  readonly prefix: unknown
  readonly region: unknown
  readonly service: unknown
}

type Fields = Record<string, unknown>

function parse(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text))
  } catch (cause) {
    // The parser's own message quotes the text, which may be anything.
    throw new Error('the answer is not JSON', { cause })
  }
}

function* entriesOf(file: Fields): Generator<Entry> {
  for (const [list, field] of [
    ['prefixes', 'ip_prefix'],
    ['ipv6_prefixes', 'ipv6_prefix'],
  ] as const) {
    const entries = file[list] ?? []
    if (!Array.isArray(entries)) throw new Error(`the answer's ${list} is not a list`)
    for (const entry of entries.map(fieldsOf)) {
      yield { prefix: entry[field], region: entry['region'], service: entry['service'] }
    }
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

/** Matches names, and remembers which of the wanted ones it has not met. */
class NameFilter {
  readonly unmet: Set<string>
  readonly #wanted: ReadonlySet<string>

  constructor(names: readonly string[]) {
    this.#wanted = new Set(names.map(name => name.toLowerCase()))
    this.unmet = new Set(this.#wanted)
  }

  matches(name: unknown): boolean {
    if (this.#wanted.size === 0) return true
    const lower = typeof name === 'string' ? name.toLowerCase() : ''
    this.unmet.delete(lower)
    return this.#wanted.has(lower)
  }
}
