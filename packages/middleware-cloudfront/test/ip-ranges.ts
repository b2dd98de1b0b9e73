/** An entry of AWS's list, in its text and as the numbers that a test reckons with. */
export interface TestPrefix {
  readonly text: string
  /** The words of an address in it: one for IPv4, four for IPv6. Not always the first one. */
  readonly words: readonly number[]
  readonly bits: number
  readonly region: string
  readonly service: string
}

const regions = ['us-east-1', 'eu-central-1', 'ap-south-1', 'GLOBAL']
const services = ['AMAZON', 'EC2', 'S3', 'CLOUDFRONT']

/** Prefixes such as AWS has: in few neighbourhoods, so that many overlap or touch. */
export function somePrefixes(random: () => number, counts: { ipv4: number; ipv6: number }): TestPrefix[] {
  const pick = (names: string[]): string => names[random() % names.length] as string
  const make = (words: number[], bits: number): TestPrefix => ({
    text: `${formatWords(words)}/${bits}`,
    words,
    bits,
    region: pick(regions),
    service: pick(services),
  })
  const ipv4 = Array.from({ length: counts.ipv4 }, () => {
    const [block, word] = [random() % 24, random()]
    return make([((block * 11 * 2 ** 24 + (word & 0xffffff)) & -(1 << (random() % 14))) >>> 0], 16 + (random() % 17))
  })
  const ipv6 = Array.from({ length: counts.ipv6 }, () =>
    make([0x26001f00 + (random() % 32), random(), random(), random()], 36 + (random() % 93)),
  )
  const edges = [make([0], 16), make([0xffffff00], 24), make([0xffffffff, 0xffffffff, 0, 0], 64)]
  return [...edges, ...ipv4.slice(2), ...ipv6.slice(1)]
}

/** The list in AWS's own form. */
export function ipRangesJson(prefixes: readonly TestPrefix[], changes: object = {}): string {
  const rest = ({ region, service }: TestPrefix): object => ({ region, service, network_border_group: region })
  return JSON.stringify({
    syncToken: '1794960000',
    createDate: '2026-11-18-00-00-00',
    prefixes: prefixes.filter(isIpv4).map(prefix => ({ ip_prefix: prefix.text, ...rest(prefix) })),
    ipv6_prefixes: prefixes
      .filter(prefix => !isIpv4(prefix))
      .map(prefix => ({ ipv6_prefix: prefix.text, ...rest(prefix) })),
    ...changes,
  })
}

export function isIpv4({ words }: TestPrefix): boolean {
  return words.length === 1
}

/** Dotted, or groups with the first run of zeros left out. */
export function formatWords(words: readonly number[]): string {
  const [word = 0] = words
  if (words.length === 1) return [24, 16, 8, 0].map(shift => (word >>> shift) & 255).join('.')
  const groups = words.flatMap(part => [part >>> 16, part & 0xffff]).map(group => group.toString(16))
  return groups
    .join(':')
    .replace(/\b0(:0\b)+/, '::')
    .replace(/:{3,}/, '::')
}
