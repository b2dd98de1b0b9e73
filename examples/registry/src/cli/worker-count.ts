import { availableParallelism } from 'node:os'
import { type Config, ConfigError } from '@longshore/middleware-core'
import { z } from 'zod'

/** Parses a number of processes: `auto` or `0` is one for each core. Undefined when it is none. */
export function workerCount(text: string): number | undefined {
  if (text === 'auto' || text === '0') return availableParallelism()
  return /^[1-9]\d{0,2}$/.test(text) ? Number(text) : undefined
}

/** Throws a `ConfigError` for a storage in memory: it would be another one in each process. */
export function assertShareable(config: Config): void {
  const storage = config.section(['storage'], z.record(z.string(), z.unknown()))
  if (!('inmemory' in storage)) return
  const problem = 'cannot be shared by several workers; accepted with --workers: a storage outside of the process'
  throw new ConfigError([{ option: ['storage', 'inmemory'], problem, location: config.file }])
}
