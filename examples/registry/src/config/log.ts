import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { isDisabledList, isFalse, unusedOption } from './unsupported-options.ts'

/** Levels, from the most important to the least. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const

export interface LogSettings {
  readonly level: (typeof logLevels)[number]
  /** `text` is for people; `json` and `logstash` are one object a line. */
  readonly formatter: 'text' | 'json' | 'logstash'
  /** Fields that every line gets. */
  readonly fields: Readonly<Record<string, string>>
  /** True to log each request. */
  readonly accessLog: boolean
}

const level = z.optional(option.choice(logLevels))

const log = z.object({
  level,
  formatter: z.prefault(option.choice(['text', 'json', 'logstash']), 'text'),
  fields: z.record(z.string(), option.text()).prefault({}),
  accesslog: z.object({ disabled: z.prefault(option.boolean(), false) }).prefault({}),
  reportcaller: unusedOption('no line says which function wrote it', isFalse),
  hooks: unusedOption('nobody gets mail', isDisabledList),
})

/** Reads `log`, and the `loglevel` that it replaces. */
export function logSettings(config: Config): LogSettings {
  const { level: given, formatter, fields, accesslog } = config.section(['log'], log)
  return {
    level: given ?? config.section(['loglevel'], level) ?? 'info',
    formatter,
    fields,
    accessLog: !accesslog.disabled,
  }
}
