/** Where numbers are on a logarithmic axis. */
export class LogScale {
  /** Numbers worth a line across the picture, 1 among them. */
  readonly ticks: readonly number[]
  readonly #low: number
  readonly #high: number
  readonly #from: number
  readonly #to: number

  /** An axis from one position to another that has room for these positive numbers and for 1. */
  constructor(numbers: readonly number[], { from, to }: { from: number; to: number }) {
    this.#low = Math.log10(Math.min(...numbers, 1))
    // Something to see, even where everything is 1.
    this.#high = Math.max(Math.log10(Math.max(...numbers, 1)), this.#low + 0.3)
    this.#from = from
    this.#to = to
    this.ticks = ticksBetween(this.#low, this.#high)
  }

  at(number: number): number {
    const part = (Math.log10(number) - this.#low) / (this.#high - this.#low)
    return this.#from + part * (this.#to - this.#from)
  }
}

/** Powers of ten, and where there are few of them also their doubles and fives. */
function ticksBetween(low: number, high: number): number[] {
  const steps = high - low > 2.5 ? [1] : [1, 2, 5]
  const ticks: number[] = []
  for (let power = Math.floor(low); power <= high; power++) {
    for (const step of steps) {
      const tick = Number(`${step}e${power}`)
      if (Math.log10(tick) >= low - 1e-9 && Math.log10(tick) <= high + 1e-9) ticks.push(tick)
    }
  }
  return ticks
}
