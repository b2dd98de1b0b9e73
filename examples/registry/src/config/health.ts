import { type Config, option } from '@longshore/middleware-core'
import { z } from 'zod'
import { isDisabledList, unusedOption } from './unsupported-options.ts'

/** Settings of the health that a registry tells of. */
export interface HealthSettings {
  /** False where it is only about the registry itself, and not about its storage. */
  readonly asksStorage: boolean
  /** Time for which an answer of the storage counts. */
  readonly intervalMs: number
  /** Failures of the storage in a row from which on the health is bad. */
  readonly threshold: number
}

const onlyStorage = unusedOption('only the storage is looked at', isDisabledList)

const health = z.object({
  storagedriver: z
    .object({
      enabled: z.prefault(option.boolean(), true),
      interval: z.prefault(option.duration(), '1s'),
      threshold: z.prefault(option.integer({ min: 0, max: 1_000_000, unit: 'failures in a row' }), 1),
    })
    .prefault({}),
  file: onlyStorage,
  http: onlyStorage,
  tcp: onlyStorage,
})

/** Reads `health`. A threshold of 0 is one of 1, as in Distribution. */
export function healthSettings(config: Config): HealthSettings {
  const { enabled, interval, threshold } = config.section(['health'], health).storagedriver
  return { asksStorage: enabled, intervalMs: interval, threshold: Math.max(1, threshold) }
}
