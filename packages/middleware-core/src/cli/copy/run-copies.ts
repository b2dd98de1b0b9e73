import { StorageError, isStorageError } from '../../contract/errors.ts'
import { type CliContext, Interruption } from '../context/cli-context.ts'
import { formatBytes, formatCount, formatSeconds } from '../context/format.ts'
import type { Copied } from './copied.ts'
import type { CopyJob, CopyPlan } from './copy-jobs.ts'
import { Progress } from './progress.ts'

/** Options of a copy. */
export interface CopyFlags {
  verify?: boolean
  quiet?: boolean
  json?: boolean
}

/** Files that are copied at once. */
const CONCURRENCY = 4

/** Copies every file, a few at once. One that fails is told, and the others go on, unless the storage is out of reach. */
export async function runCopies(plan: CopyPlan, context: CliContext, flags: CopyFlags): Promise<void> {
  const { jobs, skipped, isResumable } = plan
  using progress = new Progress(context, { total: totalOf(jobs), isQuiet: flags.quiet === true })
  for (const name of skipped) progress.print(`${name}: neither a file nor a directory; not copied`)
  const done: Copied[] = []
  const errors: unknown[] = []
  const queue = jobs.values()
  let isStopped = false
  const work = async (): Promise<void> => {
    for (const job of queue) {
      if (isStopped) return
      try {
        done.push(await copyOne(job, progress, context, flags))
      } catch (error) {
        isStopped ||= jobs.length === 1 || context.signal.aborted || isStorageError(error, 'UNAVAILABLE', 'DISPOSED')
        if (isStopped) throw error
        errors.push(error)
        progress.print(error instanceof Error ? error.message : String(error))
      }
    }
  }
  try {
    const workers = await Promise.allSettled(Array.from({ length: Math.min(CONCURRENCY, jobs.length) }, work))
    for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
  } catch (error) {
    throw isResumable ? withAdvice(error, progress.portion, context.signal) : error
  }
  if (!flags.quiet) progress.print(summaryOf(done, progress))
  if (errors.length === 0) await plan.finish?.()
  const failures = errors.length + skipped.length
  if (failures > 0)
    throw new Error(`${formatCount(failures, 'entry', 'entries')} of ${jobs.length + skipped.length} not copied`)
}

async function copyOne(job: CopyJob, progress: Progress, context: CliContext, flags: CopyFlags): Promise<Copied> {
  const copied = await job.copy({
    signal: context.signal,
    verify: flags.verify === true,
    onBytes: count => progress.add(count),
    onContinued: offset => {
      progress.skip(offset)
      if (!flags.quiet) progress.print(`${job.source}: continued at ${formatBytes(offset)}`)
    },
    onSkipped: size => progress.skip(size),
    onStage: stage => progress.stage(stage),
    onNote: note => progress.print(`${job.source}: ${note}`),
  })
  // The standard output may have the bytes.
  const print = copied.destination === '-' ? context.error : context.out
  if (flags.json) print(`${JSON.stringify(copied)}\n`)
  return copied
}

/** Undefined where one of the sizes is not known. */
function totalOf(jobs: readonly CopyJob[]): number | undefined {
  let total = 0
  for (const { size } of jobs) {
    if (size === undefined) return undefined
    total += size
  }
  return total
}

function summaryOf(done: readonly Copied[], { seconds, rate }: Progress): string {
  const bytes = done.reduce((sum, copied) => sum + (copied.isSkipped ? 0 : copied.bytes), 0)
  const pace = `${formatBytes(bytes)} in ${formatSeconds(seconds)}, ${formatBytes(rate)}/s`
  const [only] = done
  const skipped = done.filter(({ isSkipped }) => isSkipped).length
  const note = skipped > 0 ? `, ${skipped} of them earlier` : ''
  if (done.length !== 1 || !only) return `${formatCount(done.length, 'file')} copied${note}, ${pace}`
  return `${only.destination}: ${pace}, sha256:${only.sha256}${only.isReadBack ? ', read back' : ''}`
}

/** The error, with what can be done about it. */
function withAdvice(error: unknown, portion: string, { reason }: AbortSignal): unknown {
  const advice = `at ${portion}; the same command again continues from there`
  if (reason instanceof Interruption) {
    return reason.message === '' ? reason : new Interruption(`${reason.message} ${advice}`, reason.exitCode)
  }
  if (!isStorageError(error, 'UNAVAILABLE')) return error
  return new StorageError(error.code, `${error.message}; stopped ${advice}`, { cause: error })
}
