import { availableParallelism } from 'node:os'
import { type Config, ConfigError } from '@longshore/middleware-core'
import { z } from 'zod'

/** A number of processes, as a user writes it: `auto` or `0` is one for each core. Undefined when it is not one. */
export function workerCount(text: string): number | undefined {
  if (text === 'auto' || text === '0') return availableParallelism()
  return /^[1-9]\d{0,2}$/.test(text) ? Number(text) : undefined
}

/** Processes do not share their memory: a storage in it would be another one in each. Throws a `ConfigError` for one. */
export function assertShareable(config: Config): void {
  const storage = config.section(['storage'], z.record(z.string(), z.unknown()))
  if (!('inmemory' in storage)) return
  const problem = 'cannot be shared by several workers; accepted with --workers: a storage outside of the process'
  throw new ConfigError([{ option: ['storage', 'inmemory'], problem, location: config.file }])
}
