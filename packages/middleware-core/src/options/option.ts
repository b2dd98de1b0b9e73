import parseDuration from 'parse-duration'
import * as z from 'zod/mini'

/**
 * The kinds of options that drivers and middlewares have. Configuration files and the environment give texts, programs
 * give values; each kind takes both. Its text `accepted` is shown after a mistake.
 */
interface OptionMeta extends Record<string, unknown> {
  /** Values that the option takes, in words that end the sentence "accepted: ...". */
  accepted: string
  /** Its value must not be shown. */
  secret?: true
  unused?: Unused
}

/** Consequence of an option that changes nothing. */
interface Unused {
  readonly consequence: string
  /** True for a value that asks for what happens anyway. */
  readonly isAnyway: (value: unknown) => boolean
}

declare module 'zod/v4/core' {
  interface GlobalMeta {
    accepted?: string | undefined
    secret?: true | undefined
    unused?: Unused | undefined
  }
}

/** Reads a value, or answers undefined when it is not acceptable. */
type Reader<Output> = (value: unknown) => Output | undefined

function kind<Output, Input>(meta: OptionMeta, read: Reader<Output>): z.ZodMiniType<Output, Input> {
  const { accepted } = meta
  const reader = z.transform((value, { issues }): Output => {
    const output = read(value)
    if (output !== undefined) return output
    issues.push({ code: 'custom', input: value, message: `accepted: ${accepted}`, params: { accepted } })
    return z.NEVER
  })
  const schema: z.ZodMiniType = z.pipe(z.unknown(), reader).register(z.globalRegistry, meta)
  return schema as z.ZodMiniType<Output, Input>
}

const trueTexts = new Set(['true', 't', '1', 'yes', 'on'])
const falseTexts = new Set(['false', 'f', '0', 'no', 'off'])

/** `true` or `false`, or a text that says so as Go's `ParseBool` or YAML 1.1 would. */
export function boolean(): z.ZodMiniType<boolean, boolean | string> {
  return kind({ accepted: 'true or false' }, value => {
    if (typeof value === 'boolean') return value
    const text = typeof value === 'string' ? value.toLowerCase() : ''
    return trueTexts.has(text) ? true : falseTexts.has(text) ? false : undefined
  })
}

/** A whole number between `min` and `max`, both included. `unit` is for the reader: `bytes`. */
export function integer(range: { min: number; max: number; unit?: string }): z.ZodMiniType<number, number | string> {
  const unit = range.unit ? ` (${range.unit})` : ''
  const accepted = `a whole number from ${range.min} to ${range.max}${unit}`
  return kind({ accepted }, value => {
    const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) return undefined
    return number >= range.min && number <= range.max ? number : undefined
  })
}

/** A text. With `accepted`, one that `matches`. */
export function text(rule?: { accepted: string; matches: (value: string) => boolean }): z.ZodMiniType<string, string> {
  return kind({ accepted: rule?.accepted ?? 'a text' }, value =>
    typeof value === 'string' && (rule?.matches(value) ?? true) ? value : undefined,
  )
}

/** A text that no error, log or inspection shows. */
export function secret(accepted = 'a text'): z.ZodMiniType<string, string> {
  return kind({ accepted, secret: true }, value => (typeof value === 'string' ? value : undefined))
}

/**
 * One of the names; the result is spelled as in the list. A program gives one of them exactly, which its editor completes;
 * a configuration's text matches without regard to case.
 */
export function choice<const Names extends readonly string[]>(
  names: Names,
): z.ZodMiniType<Names[number], Names[number]> {
  return kind({ accepted: `one of ${names.join(', ')}` }, value =>
    typeof value === 'string' ? names.find(name => name.toLowerCase() === value.toLowerCase()) : undefined,
  )
}

/**
 * A length of time with its unit, such as `20m` or `1h30m`, longer than zero; the result is in milliseconds. `minMs` is the
 * shortest that is accepted.
 */
export function duration(range: { zero?: boolean; minMs?: number } = {}): z.ZodMiniType<number, string> {
  const { minMs = 0 } = range
  const lowerBound = range.zero ? ', or 0' : minMs > 0 ? `, ${minMs / 1000}s or more` : ', longer than 0'
  const accepted = `a duration with its unit${lowerBound}, such as 20m or 1h30m`
  return kind({ accepted }, value => {
    if (typeof value !== 'string') return undefined
    if (range.zero && value === '0') return 0
    // What Go's time.ParseDuration takes, and days: parse-duration alone would read "10" as milliseconds.
    if (!/^(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d))*$/.test(value))
      return undefined
    const milliseconds = parseDuration(value)
    if (milliseconds === null || !Number.isFinite(milliseconds)) return undefined
    return (milliseconds > 0 || range.zero) && milliseconds >= minMs ? milliseconds : undefined
  })
}

/** An absolute http or https URL. */
export function url(): z.ZodMiniType<URL, string | URL> {
  return kind({ accepted: 'an http or https URL with a host, such as https://example.com/' }, value => {
    if (!(value instanceof URL || (typeof value === 'string' && URL.canParse(value)))) return undefined
    const parsed = new URL(value)
    return /^https?:$/.test(parsed.protocol) && parsed.host ? parsed : undefined
  })
}

/**
 * An option that is accepted for the sake of configurations made for another program, and changes nothing. A configuration
 * that gives it is warned of it and of the `consequence`, such as `nobody gets mail`; but not where `isAnyway` says that the
 * value, a text or what stands in its place, asks for what is so anyway. `schema` is what it has to be. Default: anything.
 */
export function unused<Schema extends z.ZodMiniType = z.ZodMiniType>(
  consequence: string,
  { isAnyway = () => false, schema = z.unknown() as z.ZodMiniType as Schema }: UnusedInit<Schema> = {},
): Schema {
  const meta = z.globalRegistry.get(schema)
  z.globalRegistry.add(schema, { ...meta, accepted: meta?.accepted ?? 'anything', unused: { consequence, isAnyway } })
  return schema
}

interface UnusedInit<Schema> {
  readonly isAnyway?: Unused['isAnyway']
  readonly schema?: Schema
}
