import { BlockList, isIPv4 } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Side, alternate } from '../alternate.ts'
import type { Figure } from '../figure.ts'
import { atLeast, timesAtLeast } from '../row.ts'

export const ipRanges: Figure = {
  name: 'ip-ranges',
  title: 'Whether an address, given as text, is in one of 15,000 prefixes',
  seconds: 15,
  async measure(bench) {
    const prefixes = somePrefixes(15_000)
    const addresses = Array.from({ length: 10_000 }, (_, index) => someAddress(index % 3 === 0 ? 6 : 4))
    const { IpRanges, parseIp, parsePrefix } = await loadLookup()
    const ranges = new IpRanges(prefixes.map(prefix => parsePrefix(prefix)).filter(prefix => prefix !== undefined))
    const list = blockList(prefixes)
    const ours = (text: string): boolean => {
      const address = parseIp(text)
      return address !== undefined && ranges.has(address)
    }
    const theirs = (text: string): boolean => list.check(text, isIPv4(text) ? 'ipv4' : 'ipv6')
    for (const address of addresses.slice(0, 1000))
      if (ours(address) !== theirs(address)) throw new Error(`they do not agree on ${address}`)

    const side = (name: string, has: (address: string) => boolean, lookups: number): Side => ({
      name,
      prepare: async () => async () => {
        const begun = performance.now()
        for (let lookup = 0; lookup < lookups; lookup++) has(addresses[lookup % addresses.length] as string)
        return { perSecond: (lookups / (performance.now() - begun)) * 1000 }
      },
    })
    const samples = await alternate(
      [
        side('Longshore', ours, bench.size(3_000_000, 300_000)),
        side('net.BlockList', theirs, bench.size(10_000, 2000)),
      ],
      { rounds: bench.size(7, 3), log: bench.log },
    )
    const measured = { unit: '/s', ours: samples.of('Longshore', 'perSecond') } as const
    return [
      {
        what: 'against net.BlockList',
        ...measured,
        peer: samples.of('net.BlockList', 'perSecond'),
        target: timesAtLeast(100),
      },
      { what: 'lookups, one core', ...measured, target: atLeast(3_000_000) },
    ]
  },
}

/** What this figure needs of the middleware's inside. */
interface Lookup<Address = unknown, Prefix = unknown> {
  readonly IpRanges: new (prefixes: Iterable<Prefix>) => { has(address: Address): boolean }
  parseIp(text: string): Address | undefined
  parsePrefix(text: string): Prefix | undefined
}

/** The lookup is not for users of the package to call, so it is made of the package's sources. */
async function loadLookup(): Promise<Lookup> {
  const sources = new URL('../src/', import.meta.resolve('@longshore/middleware-cloudfront'))
  const files = ['ip-ranges.ts', 'ip-address.ts', 'ip-prefix.ts']
  const contents = files.map(file => `export * from './${file}'`).join('\n')
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(sources) },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  })
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')
  return (await import(`data:text/javascript;base64,${code}`)) as Lookup
}

function blockList(prefixes: readonly string[]): BlockList {
  const list = new BlockList()
  for (const prefix of prefixes) {
    const [address = '', length] = prefix.split('/')
    list.addSubnet(address, Number(length), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return list
}

/** Prefixes as AWS's list has them: two thirds IPv4, of all sizes, scattered. */
function somePrefixes(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    index % 3 === 0 ? `${someAddress(6)}/${below(24) + 32}` : `${someAddress(4)}/${below(17) + 16}`,
  )
}

function someAddress(family: 4 | 6): string {
  if (family === 4) return Array.from({ length: 4 }, () => below(256)).join('.')
  return `2600:${Array.from({ length: 7 }, () => below(65_536).toString(16)).join(':')}`
}

function below(limit: number): number {
  return Math.floor(Math.random() * limit)
}
