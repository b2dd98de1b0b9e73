import { inspect } from 'node:util'
import { en } from 'zod/locales'
import * as z from 'zod/mini'
import { $ZodArray, $ZodObject } from 'zod/v4/core'
import { ConfigError, type ConfigIssue } from './config-error.ts'
import { nearest } from './nearest.ts'
import { type Spelling, asInConfigurations, asInPrograms } from './spelling.ts'
import { unwrap } from './unwrap.ts'

/** Schema of a driver's or middleware's options. Names match without regard to case. */
export type OptionsSchema = z.core.$ZodObject

/** Arguments of a factory: its options, which may be left out where none of them is required. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- the empty object is what is meant
export type FactoryArguments<Options> = Record<never, never> extends Options ? [options?: Options] : [options: Options]

/** Origin of options, for the messages about them. */
export interface OptionsOrigin {
  /** Name of the section: `s3 options`, `storage.s3`. */
  where: string
  /** Gives the place at which an option was given, named as it was found. Without it the options are a program's. */
  locate?: ((option: readonly PropertyKey[]) => string | undefined) | undefined
}

/**
 * Checks options against their schema and gives them the schema's spelling, types and defaults. An empty text or null
 * counts as absent, as it does in a registry's `config.yml`. Throws one {@link ConfigError} that lists every mistake, with
 * names as whoever gave the options writes them.
 */
export function checkOptions<Schema extends z.core.$ZodType>(
  schema: Schema,
  options: unknown,
  origin: OptionsOrigin,
): z.output<Schema> {
  const issues: ConfigIssue[] = []
  const spelling = origin.locate ? asInConfigurations(schema) : asInPrograms
  const report = (option: readonly PropertyKey[], problem: string): void => {
    issues.push({ option: [origin.where, ...option], problem, location: origin.locate?.(option) })
  }
  const spelled = spell(schema, options, [], report, spelling)
  const result = z.safeParse(schema, spelled, { error: inZodsWords })
  for (const issue of result.error?.issues ?? []) {
    const option = asFound(options, issue.path, spelling)
    const { schema: field, value } = lookUp(schema, spelled, issue.path)
    report(option, spelling.text(problemOf(issue, field, value)))
  }
  if (issues.length > 0 || !result.success) throw new ConfigError(issues)
  return result.data
}

const { localeError: inEnglish } = en()

/** Gives zod's own English message for an issue; `zod/mini` has none unless a locale is named. */
const inZodsWords: z.core.$ZodErrorMap = issue => {
  const { customError, localeError = inEnglish } = z.config()
  return customError?.(issue) ?? localeError(issue)
}

type Report = (option: readonly PropertyKey[], problem: string) => void

/** The same options under the schema's names, without the absent ones. Unknown names are reported and left out. */
function spell(
  schema: z.core.$ZodType,
  value: unknown,
  path: PropertyKey[],
  report: Report,
  spelling: Spelling,
): unknown {
  const bare = unwrap(schema)
  if (bare instanceof $ZodArray && Array.isArray(value)) {
    return value.map((item, index) => spell(bare._zod.def.element, item, [...path, index], report, spelling))
  }
  if (!(bare instanceof $ZodObject) || !isRecord(value)) return value
  const { shape } = bare._zod.def
  const names = Object.keys(shape)
  const spelled: Record<string, unknown> = {}
  for (const [found, content] of Object.entries(value)) {
    const name = names.find(known => known.toLowerCase() === found.toLowerCase())
    const here = [...path, found]
    if (name === undefined) report(here, unknownName(found, names.map(spelling.name)))
    else if (name in spelled) report(here, 'given twice, in different spellings; accepted: one of them')
    else if (content !== null && content !== undefined && content !== '') {
      spelled[name] = spell(shape[name] as z.core.$ZodType, content, here, report, spelling)
    }
  }
  return spelled
}

function unknownName(found: string, names: string[]): string {
  const near = nearest(
    found.toLowerCase(),
    names.map(name => name.toLowerCase()),
  )
  const guess = names.find(name => name.toLowerCase() === near)
  const accepted = names.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)).join(', ')
  return `unknown option${guess ? `; did you mean ${guess}?` : '.'} Accepted: ${accepted || 'none'}`
}

function problemOf(issue: z.core.$ZodIssue, field: z.core.$ZodType | undefined, value: unknown): string {
  const accepted = issue.code === 'custom' ? (issue.params?.['accepted'] as string | undefined) : undefined
  if (value === undefined && accepted !== undefined) return `missing; accepted: ${accepted}`
  if (issue.code === 'invalid_type' && value !== undefined) {
    if (field instanceof $ZodObject) return `found ${shape(value)}; accepted: a mapping of options`
    if (field instanceof $ZodArray) return `found ${shape(value)}; accepted: a list`
  }
  if (accepted === undefined) return value === undefined && issue.code === 'invalid_type' ? 'missing' : issue.message
  const isSecret = field !== undefined && z.globalRegistry.get(field)?.secret === true
  return `found ${isSecret ? 'a value that is not shown here' : shown(value)}; accepted: ${accepted}`
}

function shown(value: unknown): string {
  // Not their contents: what stands in a wrong place may be a secret.
  if (Array.isArray(value) || isRecord(value)) return shape(value)
  const text = withoutCredentials(inspect(value, { depth: 0, breakLength: Infinity }))
  return text.length > 100 ? `${text.slice(0, 100)}...` : text
}

/** A URL of the wrong kind may still hold a password. */
function withoutCredentials(text: string): string {
  return text.replaceAll(/(?<=\/\/)[^/@\s]*@/g, '...@')
}

function shape(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'a mapping' : `a ${typeof value}`.replace('string', 'text')
}

/** The path as the user spelled it. */
function asFound(options: unknown, path: readonly PropertyKey[], spelling: Spelling): PropertyKey[] {
  let here = options
  return path.map(part => {
    const name = isRecord(here)
      ? Object.keys(here).find(key => key.toLowerCase() === String(part).toLowerCase())
      : undefined
    const found = name ?? (typeof part === 'string' ? spelling.name(part) : part)
    here = (here as Record<PropertyKey, unknown> | undefined)?.[found]
    return found
  })
}

/** The part of schema and value that an issue's path leads to. */
function lookUp(
  schema: z.core.$ZodType,
  value: unknown,
  path: readonly PropertyKey[],
): { schema: z.core.$ZodType | undefined; value: unknown } {
  let field: z.core.$ZodType | undefined = schema
  let here = value
  for (const part of path) {
    const bare: z.core.$ZodType | undefined = field && unwrap(field)
    field =
      bare instanceof $ZodObject
        ? bare._zod.def.shape[part as string]
        : bare instanceof $ZodArray
          ? bare._zod.def.element
          : undefined
    here = (here as Record<PropertyKey, unknown> | undefined)?.[part]
  }
  return { schema: field && unwrap(field), value: here }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value) as null)
  )
}
