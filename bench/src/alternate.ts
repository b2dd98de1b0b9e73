import { type Program, installCommand, missingPrograms } from '@longshore/e2e/installed'
import type { Measurement } from './row.ts'
import { summarize } from './statistics.ts'

/** What one round of one side came to: quantities by their names. */
export type Sample = Readonly<Record<string, number>>

/** Longshore or a peer. */
export interface Side {
  readonly name: string
  /** Programs without which it is left out. Default none. */
  readonly needs?: readonly Program[]
  /** Starts what the rounds need, none of which is timed. */
  prepare(): Promise<() => Promise<Sample>>
}

export interface Plan {
  /** Rounds of each side that count. */
  readonly rounds: number
  /** Rounds of each side before those. Default 1. */
  readonly warmUps?: number
  /** Told what is going on. */
  readonly log: (text: string) => void
}

/** What every side came to. */
export class Samples {
  readonly #samples = new Map<string, Sample[]>()
  readonly #missing = new Map<string, string>()

  add(side: string, sample: Sample): void {
    const samples = this.#samples.get(side)
    if (samples) samples.push(sample)
    else this.#samples.set(side, [sample])
  }

  leaveOut(side: string, why: string): void {
    this.#missing.set(side, why)
  }

  /** One quantity of one side. */
  of(side: string, quantity: string): Measurement {
    const missing = this.#missing.get(side)
    if (missing !== undefined) return { name: side, missing }
    const values = (this.#samples.get(side) ?? []).map(sample => sample[quantity])
    return { name: side, summary: summarize(values.filter(value => value !== undefined)) }
  }
}

/** Runs the sides in turns, so that whatever slows the machine down for a while slows all of them down. */
export async function alternate(sides: readonly Side[], { rounds, warmUps = 1, log }: Plan): Promise<Samples> {
  const samples = new Samples()
  const runs: { name: string; run: () => Promise<Sample> }[] = []
  for (const { name, needs = [], prepare } of sides) {
    const missing = missingPrograms(needs)
    if (missing.length > 0) {
      samples.leaveOut(name, `not installed: ${missing.join(', ')}; ${installCommand(missing)}`)
      log(`${name} is left out: ${missing.join(', ')} is not installed (${installCommand(missing)})`)
      continue
    }
    runs.push({ name, run: await prepare() })
  }
  for (let round = -warmUps; round < rounds; round++) {
    log(round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`)
    for (const { name, run } of runs) {
      const sample = await run()
      if (round >= 0) samples.add(name, sample)
    }
  }
  return samples
}
