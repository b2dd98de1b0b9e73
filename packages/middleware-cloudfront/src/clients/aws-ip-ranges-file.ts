import { parsePrefix } from './ip-prefix.ts'
import { IpRanges } from './ip-ranges.ts'

/** Regions and services whose entries count. An empty list stands for all. Names match without regard to case. */
export interface IpRangesSelection {
  /** `eu-central-1`; what belongs to no region is under `GLOBAL`. */
  readonly regions: readonly string[]
  /** `EC2`, `S3`, ...; every entry is under `AMAZON` too. */
  readonly services: readonly string[]
}

/** Ranges of a file. */
export interface IpRangesFile {
  readonly ranges: IpRanges
  /** Number of selected entries. */
  readonly prefixCount: number
  /** Number of entries left out because their prefix cannot be parsed. */
  readonly skippedCount: number
  /** Selected regions and services that the file does not have. */
  readonly unknown: readonly string[]
}

/**
 * Parses AWS's list of its address ranges. Entries that cannot be parsed are left out. Throws for a text that is not such a list,
 * and for one without any prefix.
 *
 * Form of the file: https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
 */
export function parseIpRangesFile(text: string, selection: IpRangesSelection): IpRangesFile {
  const regions = new NameFilter(selection.regions)
  const services = new NameFilter(selection.services)
  const prefixes = []
  let [validCount, skippedCount] = [0, 0]
  for (const { prefix: given, region, service } of entriesOf(parse(text))) {
    const prefix = typeof given === 'string' ? parsePrefix(given) : undefined
    if (prefix === undefined) {
      skippedCount++
      continue
    }
    validCount++
    // Both are asked, so that each learns every name of the file.
    const [isRegion, isService] = [regions.matches(region), services.matches(service)]
    if (isRegion && isService) prefixes.push(prefix)
  }
  if (validCount === 0) throw new Error(`the answer has no address ranges (invalid entries: ${skippedCount})`)
  const ranges = new IpRanges(prefixes)
  return { ranges, prefixCount: prefixes.length, skippedCount, unknown: [...regions.unmatched, ...services.unmatched] }
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

/** Set of names that remembers which of them have not been matched. */
class NameFilter {
  readonly unmatched: Set<string>
  readonly #names: ReadonlySet<string>

  constructor(names: readonly string[]) {
    this.#names = new Set(names.map(name => name.toLowerCase()))
    this.unmatched = new Set(this.#names)
  }

  matches(name: unknown): boolean {
    if (this.#names.size === 0) return true
    const lower = typeof name === 'string' ? name.toLowerCase() : ''
    this.unmatched.delete(lower)
    return this.#names.has(lower)
  }
}
