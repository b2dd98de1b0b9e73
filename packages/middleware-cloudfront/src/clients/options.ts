import { option } from '@longshore/middleware-core'
import * as z from 'zod/mini'
import { parsePrefix } from './ip-prefix.ts'
import { IpRanges } from './ip-ranges.ts'

const filters = ['none', 'aws', 'awsregion'] as const

/** Value of the option `ipFilteredBy`. */
export type IpFilter = (typeof filters)[number]

/** Options that choose the clients inside AWS which get the driver's own URL. */
export const ipFilterOptions = {
  ipFilteredBy: z.prefault(ipFilter(), 'none'),
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

/** Checked options. */
export type IpFilterSettings = z.output<z.ZodMiniObject<typeof ipFilterOptions>>

/** Rule between these options: `awsregion` needs regions. */
export const ipFilterRules = z.refine<IpFilterSettings>(
  ({ ipFilteredBy, awsRegion }) => ipFilteredBy !== 'awsregion' || awsRegion.length > 0,
  {
    path: ['awsRegion'],
    params: { accepted: 'with ipFilteredBy awsregion a list of AWS regions, such as eu-central-1,eu-west-1' },
  },
)

/** A program gives one of the names exactly; in a configuration case and blanks do not count, and nothing means `none`. */
function ipFilter(): z.ZodMiniType<IpFilter, IpFilter> {
  const find = (text: string): IpFilter | undefined =>
    text.trim() === '' ? 'none' : filters.find(name => name === text.trim().toLowerCase())
  const schema: z.ZodMiniType = z.pipe(
    option.text({ accepted: `one of ${filters.join(', ')}`, matches: text => find(text) !== undefined }),
    z.transform(find),
  )
  return schema as z.ZodMiniType<IpFilter, IpFilter>
}

function isName(text: string): boolean {
  return /^[a-z0-9_-]+$/i.test(text)
}

function isPrefix(text: string): boolean {
  return parsePrefix(text) !== undefined
}

/** List of texts, or one text with commas between them. Spaces around them do not count; empty ones are left out. */
function list(
  accepted: string,
  matches: (item: string) => boolean,
): z.ZodMiniType<string[], string | readonly string[]> {
  const reader = z.transform((value, { issues }) => {
    const given: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value]
    const items = given.map(item => (typeof item === 'string' ? item.trim() : item)).filter(item => item !== '')
    const wrong = items.findIndex(item => typeof item !== 'string' || !matches(item))
    // An empty list is the default; a text of commas alone is a mistake.
    if (wrong < 0 && (items.length > 0 || given.length === 0)) return items
    const item = items[wrong]
    issues.push(
      typeof item === 'string' && given.length > 1
        ? { code: 'custom', input: value, message: `found '${item}' in the list; accepted: ${accepted}` }
        : { code: 'custom', input: value, params: { accepted } },
    )
    return z.NEVER
  })
  const schema: z.ZodMiniType = z.pipe(z.unknown(), reader).register(z.globalRegistry, {
    accepted,
    json: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
  })
  return schema as z.ZodMiniType<string[], string | readonly string[]>
}

function ipRangesUrl(): z.ZodMiniType<URL, string | URL> {
  return option.url().check(
    z.refine(url => url.username === '' && url.password === '', {
      error: 'found a URL with a user name or a password, not shown here; accepted: an http or https URL without',
    }),
  )
}
