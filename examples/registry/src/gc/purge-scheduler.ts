import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { StorageDriver } from '@longshore/middleware-core'
import { messageOf } from '../observability/error-text.ts'
import { purgeSummaryLine, purgedLine } from './purge-lines.ts'
import { purgeUploads } from './purge-uploads.ts'

/** Schedule of purges. */
export interface PurgeScheduleOptions {
  /** Age of uploads that are purged; see `purgeUploads`. */
  readonly ageMs: number
  /** Time from one purge to the next. */
  readonly intervalMs: number
  /** True to only name uploads. */
  readonly dryRun: boolean
  /** Time until the first purge. Default: up to an hour, by chance, so that not all nodes do it at once. */
  readonly firstDelayMs?: number | undefined
}

/** Log of purges. */
export interface PurgeLog {
  info(message: string): void
  error(message: string): void
}

const ONE_HOUR_MS = 60 * 60 * 1000

/** Purges uploads on a schedule, until it is disposed of. A purge that fails is logged, and the next one tries again. */
export function startPurgeScheduler(
  storage: StorageDriver,
  options: PurgeScheduleOptions,
  log: PurgeLog,
): AsyncDisposable {
  const stop = new AbortController()
  const purging = run(storage, options, log, stop.signal)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await purging
    },
  }
}

async function run(
  storage: StorageDriver,
  { ageMs, intervalMs, dryRun, firstDelayMs = randomInt(ONE_HOUR_MS) }: PurgeScheduleOptions,
  log: PurgeLog,
  signal: AbortSignal,
): Promise<void> {
  for (let delayMs = firstDelayMs; await wait(delayMs, signal); delayMs = intervalMs) {
    try {
      const summary = await purgeUploads(storage, {
        ageMs,
        dryRun,
        signal,
        onPurged: upload => log.info(purgedLine(upload, dryRun)),
        onFailure: text => log.error(`purging uploads: ${text}`),
      })
      log.info(purgeSummaryLine(summary, dryRun))
    } catch (error) {
      log.error(`purging uploads: ${messageOf(error)}`)
    }
  }
}

/** Longest time of a timer in Node. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Waits without keeping the process alive; false when it was stopped. */
async function wait(delayMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    for (let left = delayMs; left > 0; left -= MAX_TIMER_MS) {
      await setTimeout(Math.min(left, MAX_TIMER_MS), undefined, { signal, ref: false })
    }
    return !signal.aborted
  } catch {
    return false
  }
}
