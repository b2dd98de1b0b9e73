import parseDuration from 'parse-duration'
import * as z from 'zod/mini'

/**
 * The kinds of options that drivers and middlewares have. Configuration files and the environment give texts, programs
 * give values; each kind takes both. Its text `accepted` is shown after a mistake.
 */
interface OptionMeta extends Record<string, unknown> {
  /** Values that the option takes, in words that end the sentence "accepted: ...". */
  accepted: string
  /** JSON Schema of its value in a configuration file, for editors. */
  json?: JsonSchema
  /** Its value must not be shown. */
  secret?: true
  unused?: Unused
}

/** JSON Schema, draft 7. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** Consequence of an option that changes nothing. */
interface Unused {
  readonly consequence: string
  /** True for a value that asks for what happens anyway. */
  readonly isAnyway: (value: unknown) => boolean
}

declare module 'zod/v4/core' {
  interface GlobalMeta {
    accepted?: string | undefined
    json?: JsonSchema | undefined
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

/** JSON Schema of a text: YAML makes numbers and booleans of some. */
const anyText: JsonSchema = { type: ['string', 'number', 'boolean'] }

const trueTexts = new Set(['true', 't', '1', 'yes', 'on'])
const falseTexts = new Set(['false', 'f', '0', 'no', 'off'])

/** `true` or `false`, or a text that says so as Go's `ParseBool` or YAML 1.1 would. */
export function boolean(): z.ZodMiniType<boolean, boolean | string> {
  const json = { anyOf: [{ type: 'boolean' }, { type: 'string', pattern: anyCase([...trueTexts, ...falseTexts]) }] }
  return kind({ accepted: 'true or false', json }, value => {
    if (typeof value === 'boolean') return value
    const text = typeof value === 'string' ? value.toLowerCase() : ''
    return trueTexts.has(text) ? true : falseTexts.has(text) ? false : undefined
  })
}

/** A whole number between `min` and `max`, both included. `unit` is for the reader: `bytes`. */
export function integer(range: { min: number; max: number; unit?: string }): z.ZodMiniType<number, number | string> {
  const unit = range.unit ? ` (${range.unit})` : ''
  const accepted = `a whole number from ${range.min} to ${range.max}${unit}`
  const { min, max } = range
  const json = {
    anyOf: [
      { type: 'integer', minimum: min, maximum: max },
      { type: 'string', pattern: '^[+-]?\\d+$' },
    ],
  }
  return kind({ accepted, json }, value => {
    const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) return undefined
    return number >= min && number <= max ? number : undefined
  })
}

/** A text. With `accepted`, one that `matches`. */
export function text(rule?: { accepted: string; matches: (value: string) => boolean }): z.ZodMiniType<string, string> {
  return kind({ accepted: rule?.accepted ?? 'a text', json: anyText }, value =>
    typeof value === 'string' && (rule?.matches(value) ?? true) ? value : undefined,
  )
}

/** A text that no error, log or inspection shows. */
export function secret(accepted = 'a text'): z.ZodMiniType<string, string> {
  return kind({ accepted, json: anyText, secret: true }, value => (typeof value === 'string' ? value : undefined))
}

/**
 * One of the names; the result is spelled as in the list. A program gives one of them exactly, which its editor completes;
 * a configuration's text matches without regard to case.
 */
export function choice<const Names extends readonly string[]>(
  names: Names,
): z.ZodMiniType<Names[number], Names[number]> {
  // The names are what an editor completes.
  const json = { anyOf: [{ enum: names }, { type: ['string', 'boolean'], pattern: anyCase(names) }] }
  return kind({ accepted: `one of ${names.join(', ')}`, json }, value =>
    typeof value === 'string' ? names.find(name => name.toLowerCase() === value.toLowerCase()) : undefined,
  )
}

/** Durations as Go's time.ParseDuration takes them, and days: parse-duration alone would read "10" as milliseconds. */
const durationPattern = /^((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d))+$/

/**
 * A length of time with its unit, such as `20m` or `1h30m`, longer than zero; the result is in milliseconds. `minMs` is the
 * shortest that is accepted.
 */
export function duration(range: { zero?: boolean; minMs?: number } = {}): z.ZodMiniType<number, string> {
  const { minMs = 0 } = range
  const lowerBound = range.zero ? ', or 0' : minMs > 0 ? `, ${minMs / 1000}s or more` : ', longer than 0'
  const accepted = `a duration with its unit${lowerBound}, such as 20m or 1h30m`
  const json = {
    anyOf: [{ type: 'string', pattern: durationPattern.source }, ...(range.zero ? [{ enum: [0, '0'] }] : [])],
  }
  return kind({ accepted, json }, value => {
    if (typeof value !== 'string') return undefined
    if (range.zero && value === '0') return 0
    if (!durationPattern.test(value)) return undefined
    const milliseconds = parseDuration(value)
    if (milliseconds === null || !Number.isFinite(milliseconds)) return undefined
    return (milliseconds > 0 || range.zero) && milliseconds >= minMs ? milliseconds : undefined
  })
}

/** An absolute http or https URL. */
export function url(): z.ZodMiniType<URL, string | URL> {
  const accepted = 'an http or https URL with a host, such as https://example.com/'
  return kind({ accepted, json: { type: 'string', pattern: '^[Hh][Tt][Tt][Pp][Ss]?:' } }, value => {
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

/** Pattern of texts in any case: JSON Schema has no flag for it. */
function anyCase(texts: readonly string[]): string {
  const letters = (text: string): string =>
    text.replaceAll(/[\p{L}.+*?()[\]{}|\\^$]/gu, character => {
      const [lower, upper] = [character.toLowerCase(), character.toUpperCase()]
      return lower === upper ? `\\${character}` : `[${lower}${upper}]`
    })
  return `^(${texts.map(letters).join('|')})$`
}
