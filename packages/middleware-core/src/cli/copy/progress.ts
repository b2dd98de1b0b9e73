import type { CliContext } from '../context/cli-context.ts'
import { formatBytes, formatSeconds } from '../context/format.ts'

/** Milliseconds between two pictures on a terminal, and between two lines elsewhere. */
const REDRAW_MS = 200
const LINE_MS = 10_000

/** Milliseconds over which the rate is taken. */
const WINDOW_MS = 10_000

const BAR_WIDTH = 24

const CLEAR_LINE = '\r\x1b[K'

/**
 * Progress of a copy, on the standard error: a bar that is drawn anew on a terminal, and a line now and then elsewhere, so that
 * no control characters get into a log. Our own, because the libraries for this bring a multiple of it.
 */
export class Progress implements Disposable {
  readonly #context: CliContext
  readonly #total: number | undefined
  readonly #startedAt = performance.now()
  readonly #timer: NodeJS.Timeout | undefined
  #done = 0
  #copied = 0
  #stage: string | undefined
  #isDrawn = false
  /** Times and copied bytes of the last pictures, the oldest first. */
  #samples: { at: number; copied: number }[] = [{ at: this.#startedAt, copied: 0 }]

  /** Without a total there is neither a bar nor a time left. */
  constructor(context: CliContext, { total, isQuiet }: { total?: number | undefined; isQuiet: boolean }) {
    this.#context = context
    this.#total = total
    const interval = context.columns === undefined ? LINE_MS : REDRAW_MS
    if (!isQuiet) this.#timer = setInterval(() => this.#draw(), interval).unref()
  }

  add(bytes: number): void {
    this.#done += bytes
    this.#copied += bytes
    this.#stage = undefined
  }

  /** Bytes that an earlier run has copied. */
  skip(bytes: number): void {
    this.#done += bytes
  }

  stage(name: string): void {
    this.#stage = name
  }

  /** Bytes that were copied, per second. */
  get rate(): number {
    return this.#copied / Math.max(this.seconds, 0.001)
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000
  }

  /** `42 %`, or the number of bytes where the total is not known. */
  get portion(): string {
    if (!this.#total) return formatBytes(this.#done)
    return `${Math.min(Math.floor((this.#done / this.#total) * 100), 100)} %`
  }

  /** Prints a line, over the bar where there is one. */
  print(line: string): void {
    this.#context.error(`${this.#isDrawn ? CLEAR_LINE : ''}${line}\n`)
    this.#isDrawn = false
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    if (this.#isDrawn) this.#context.error(CLEAR_LINE)
  }

  #draw(): void {
    const { columns, error } = this.#context
    const text = [this.#amount(), this.#stage ?? this.#pace()].filter(Boolean).join(', ')
    if (columns === undefined) {
      error(`${text}\n`)
      return
    }
    error(`${CLEAR_LINE}${`${this.#bar()}${text}`.slice(0, columns - 1)}`)
    this.#isDrawn = true
  }

  #bar(): string {
    if (!this.#total) return ''
    const filled = Math.min(Math.floor((this.#done / this.#total) * BAR_WIDTH), BAR_WIDTH)
    return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] `
  }

  #amount(): string {
    if (!this.#total) return formatBytes(this.#done)
    return `${this.portion}, ${formatBytes(this.#done)} of ${formatBytes(this.#total)}`
  }

  #pace(): string {
    const now = performance.now()
    this.#samples.push({ at: now, copied: this.#copied })
    this.#samples = this.#samples.filter(({ at }, index, all) => now - at <= WINDOW_MS || index === all.length - 2)
    const [oldest] = this.#samples
    const rate = oldest && now > oldest.at ? ((this.#copied - oldest.copied) / (now - oldest.at)) * 1000 : 0
    const left = this.#total && rate > 0 ? `, ${formatSeconds((this.#total - this.#done) / rate)} left` : ''
    return `${formatBytes(rate)}/s${left}`
  }
}
