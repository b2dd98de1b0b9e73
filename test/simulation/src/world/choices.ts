import type { Random } from './random.ts'

/** Decides what happens next. All that is not settled by the program itself goes through here, and is recorded. */
export interface Choices {
  /** Indices that were chosen so far. */
  readonly made: readonly number[]
  /** Gives an index into `weights`. Index 0 is the plainest event: the oldest request goes on, and nothing fails. */
  choose(weights: readonly number[]): number
}

/** Chooses at random, each event as often as its weight says. */
export class RandomChoices implements Choices {
  readonly made: number[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  choose(weights: readonly number[]): number {
    let left = this.#random.next() * weights.reduce((sum, weight) => sum + weight, 0)
    let index = 0
    while (index < weights.length - 1 && (left -= weights[index] ?? 0) >= 0) index++
    this.made.push(index)
    return index
  }
}

/** Repeats a list of choices, and goes on with the plainest event after its end. */
export class GivenChoices implements Choices {
  readonly made: number[] = []
  /** Number of events that there were to choose from, of each choice. */
  readonly widths: number[] = []
  readonly #given: readonly number[]

  constructor(given: readonly number[]) {
    this.#given = given
  }

  choose(weights: readonly number[]): number {
    const index = Math.min(this.#given[this.made.length] ?? 0, weights.length - 1)
    this.made.push(index)
    this.widths.push(weights.length)
    return index
  }
}
