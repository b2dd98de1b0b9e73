import { MultiBar, Presets, type SingleBar } from 'cli-progress'

/** Display of how far a long command is. */
export interface Progress {
  /** Begins a step and ends the one before. It has `total` ticks, if that is known. */
  step(label: string, total: number | undefined): void
  tick(): void
  /** Prints a line: a result to stdout, trouble to stderr. */
  line(text: string, isTrouble?: boolean): void
  /** Ends the last step. */
  end(): void
}

/** Creates a display: a bar for each step where stderr is a terminal, and plain lines elsewhere. */
export function createProgress(out: NodeJS.WriteStream, error: NodeJS.WriteStream): Progress {
  return error.isTTY ? new Bars(out, error) : new Lines(out, error)
}

class Lines implements Progress {
  readonly #out: NodeJS.WritableStream
  readonly #error: NodeJS.WritableStream

  constructor(out: NodeJS.WritableStream, error: NodeJS.WritableStream) {
    this.#out = out
    this.#error = error
  }

  step(label: string): void {
    this.#error.write(`${label}\n`)
  }

  tick(): void {}

  line(text: string, isTrouble = false): void {
    ;(isTrouble ? this.#error : this.#out).write(`${text}\n`)
  }

  end(): void {}
}

/** Formats of a step of unknown length, and of one of known length. */
const formats = { open: '{label} {count}', bounded: '{label} [{bar}] {count} of {total}' }

class Bars implements Progress {
  readonly #out: NodeJS.WriteStream
  readonly #bars: MultiBar
  #bar: SingleBar | undefined
  #count = 0

  constructor(out: NodeJS.WriteStream, error: NodeJS.WriteStream) {
    this.#out = out
    // A cursor that is hidden would stay so when the process is ended in the middle.
    this.#bars = new MultiBar({ stream: error, barsize: 20, hideCursor: false }, Presets.shades_grey)
  }

  step(label: string, total: number | undefined): void {
    this.#bar?.stop()
    this.#count = 0
    const format = total === undefined ? formats.open : formats.bounded
    this.#bar = this.#bars.create(total ?? 0, 0, { label: label.padEnd(40), count: '' }, { format })
  }

  tick(): void {
    this.#count += 1
    this.#bar?.increment(1, { count: this.#count })
  }

  line(text: string, isTrouble = false): void {
    // On one terminal, lines go above the bars.
    if (isTrouble || this.#out.isTTY) this.#bars.log(`${text}\n`)
    else this.#out.write(`${text}\n`)
  }

  end(): void {
    this.#bar?.stop()
    this.#bars.stop()
  }
}
