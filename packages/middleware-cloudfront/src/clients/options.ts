import { option } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { parsePrefix } from './ip-prefix.ts'
import { IpRanges } from './ip-ranges.ts'

const filters = ['none', 'aws', 'awsregion'] as const

/** The options that decide which clients fetch from the driver itself because they are inside AWS. */
export const ipFilterOptions = {
  ipFilteredBy: z.prefault(
    z.pipe(
      option.text({ accepted: `one of ${filters.join(', ')}`, matches: text => text.trim() === '' || isFilter(text) }),
      z.transform(text => filters.find(name => name === text.trim().toLowerCase()) ?? 'none'),
    ),
    'none',
  ),
  awsRegion: z.prefault(list('a list of AWS regions, such as eu-central-1,eu-west-1', isName), []),
  services: z.prefault(list('a list of the services that AWS names in its address ranges, such as EC2', isName), []),
  updateFrequency: z.prefault(option.duration({ minMs: 1000 }), '12h'),
  updateFrenquency: z.optional(option.duration({ minMs: 1000 })),
  ipRangesUrl: z.prefault(ipRangesUrl(), 'https://ip-ranges.amazonaws.com/ip-ranges.json'),
  trustedProxies: z.prefault(
    z.pipe(
      list('a list of IP addresses and CIDR blocks, such as 10.0.0.0/8,2001:db8::/32', isPrefix),
      z.transform(texts => new IpRanges(texts.flatMap(text => parsePrefix(text) ?? []))),
    ),
    [],
  ),
}

/** The options once checked. */
export type IpFilterSettings = z.output<z.ZodMiniObject<typeof ipFilterOptions>>

/** What these options demand of each other: `awsregion` cannot do without regions. */
export const ipFilterRules = z.refine<IpFilterSettings>(
  ({ ipFilteredBy, awsRegion }) => ipFilteredBy !== 'awsregion' || awsRegion.length > 0,
  {
    path: ['awsRegion'],
    params: { accepted: 'with ipFilteredBy awsregion a list of AWS regions, such as eu-central-1,eu-west-1' },
  },
)

function isFilter(text: string): boolean {
  return (filters as readonly string[]).includes(text.trim().toLowerCase())
}

function isName(text: string): boolean {
  return /^[a-z0-9_-]+$/i.test(text)
}

function isPrefix(text: string): boolean {
  return parsePrefix(text) !== undefined
}

/** A list of texts, or one text with commas between them. Spaces around them do not count; empty ones are left out. */
function list(
  accepted: string,
  matches: (item: string) => boolean,
): z.ZodMiniType<string[], string | readonly string[]> {
  const reader = z.transform((value, { issues }) => {
    const given: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value]
    const items = given.map(item => (typeof item === 'string' ? item.trim() : item)).filter(item => item !== '')
    const wrong = items.findIndex(item => typeof item !== 'string' || !matches(item))
    // No list at all is the default's business; one of commas alone is a mistake.
    if (wrong < 0 && (items.length > 0 || given.length === 0)) return items
    const item = items[wrong]
    issues.push(
      typeof item === 'string' && given.length > 1
        ? { code: 'custom', input: value, message: `found '${item}' in the list; accepted: ${accepted}` }
        : { code: 'custom', input: value, params: { accepted } },
    )
    return z.NEVER
  })
  const schema: z.ZodMiniType = z.pipe(z.unknown(), reader).register(z.globalRegistry, { accepted })
  return schema as z.ZodMiniType<string[], string | readonly string[]>
}

function ipRangesUrl(): z.ZodMiniType<URL, string | URL> {
  return option.url().check(
    z.refine(url => url.username === '' && url.password === '', {
      error: 'found a URL with a user name or a password, not shown here; accepted: an http or https URL without',
    }),
  )
}
