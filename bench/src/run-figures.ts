import { installCommand, missingPrograms } from '@longshore/e2e/installed'
import { Bench, type BenchOptions } from './bench.ts'
import { CannotMeasure, type Figure } from './figure.ts'
import type { Row } from './row.ts'

/** What became of a figure. */
export interface Outcome {
  readonly name: string
  readonly title: string
  readonly rows: readonly Row[]
  /** Seconds that it took. */
  readonly took: number
  /** Why it was not measured, if it was not. */
  readonly skipped?: string
  /** What went wrong, if something did. */
  readonly error?: string
}

/** How many times as long as it says a figure may take, on a slower or a busy machine. */
const patience = 5

/**
 * Measures one figure after the other. One that fails is told of, and the next one has its turn. Throws the signal's reason
 * when it is aborted.
 */
export async function* runFigures(figures: readonly Figure[], options: BenchOptions): AsyncGenerator<Outcome> {
  for (const [index, figure] of figures.entries()) {
    options.log(`${figure.name} (${index + 1} of ${figures.length}): ${figure.title}`)
    const begun = performance.now()
    const outcome = await runFigure(figure, options)
    options.signal.throwIfAborted()
    const took = (performance.now() - begun) / 1000
    const { name, title } = figure
    options.log(`${name}: ${outcome.skipped ?? outcome.error ?? 'done'}, ${took.toFixed(0)} s`)
    yield { name, title, took, ...outcome }
  }
}

async function runFigure(figure: Figure, options: BenchOptions): Promise<Pick<Outcome, 'rows' | 'skipped' | 'error'>> {
  const missing = missingPrograms(figure.needs ?? [])
  if (missing.length > 0) {
    return { rows: [], skipped: `skipped: ${missing.join(', ')} is not installed; ${installCommand(missing)}` }
  }
  const log = (text: string): void => options.log(`  ${text}`)
  using trouble = watchFor(options.signal, figure.seconds * patience)
  try {
    await using bench = new Bench({ ...options, log })
    // In trouble, what it started is ended at once, whatever it is waiting for.
    return { rows: await Promise.race([figure.measure(bench), trouble.found]) }
  } catch (error) {
    if (error instanceof CannotMeasure) return { rows: [], skipped: `skipped: ${error.message}` }
    if (!options.signal.aborted) options.onError(error)
    const [reason] = String(error).split('\n')
    return { rows: [], error: `failed: ${reason}` }
  }
}

interface Trouble extends Disposable {
  /** Rejects when something happens that a figure cannot tell of. */
  readonly found: Promise<never>
}

/** Looks out for the signal, for errors that nobody caught, and for more seconds passing than should. */
function watchFor(signal: AbortSignal, seconds: number): Trouble {
  let end = (): void => {}
  const found = new Promise<never>((_, reject) => {
    const interrupt = (): void => reject(signal.reason as Error)
    const timer = setTimeout(() => reject(new Error(`not done after ${seconds} s`)), seconds * 1000)
    end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', interrupt)
      process.off('uncaughtException', reject)
    }
    signal.addEventListener('abort', interrupt)
    process.on('uncaughtException', reject)
    if (signal.aborted) interrupt()
  })
  return { found, [Symbol.dispose]: () => end() }
}
