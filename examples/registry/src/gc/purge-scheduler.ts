import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { StorageDriver } from '@longshore/middleware-core'
import { messageOf } from '../observability/error-text.ts'
import { purgeSummaryLine, purgedLine } from './purge-lines.ts'
import { purgeUploads } from './purge-uploads.ts'

/** When uploads that nobody finishes are purged. */
export interface PurgeScheduleOptions {
  /** Milliseconds; see `purgeUploads`. */
  readonly age: number
  /** Milliseconds from one purge to the next. */
  readonly interval: number
  /** Whether uploads are only named. */
  readonly dryRun: boolean
  /** Milliseconds until the first purge. Default: up to an hour, by chance, so that not all nodes do it at once. */
  readonly firstDelay?: number | undefined
}

/** Who is told what purges do. */
export interface PurgeLog {
  info(message: string): void
  error(message: string): void
}

const ONE_HOUR_MS = 60 * 60 * 1000

/** Purges uploads again and again, until it is disposed of. A purge that fails is told, and the next one tries again. */
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
  { age, interval, dryRun, firstDelay = randomInt(ONE_HOUR_MS) }: PurgeScheduleOptions,
  log: PurgeLog,
  signal: AbortSignal,
): Promise<void> {
  for (let delay = firstDelay; await waited(delay, signal); delay = interval) {
    try {
      const summary = await purgeUploads(storage, {
        age,
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

/** A timer of Node holds no more milliseconds than this. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Waits without keeping the process alive. False when it was stopped. */
async function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    for (let left = milliseconds; left > 0; left -= MAX_TIMER_MS) {
      await setTimeout(Math.min(left, MAX_TIMER_MS), undefined, { signal, ref: false })
    }
    return !signal.aborted
  } catch {
    return false
  }
}
