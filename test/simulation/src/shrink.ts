import type { SpoolDirectory } from '@longshore/local-cloud'
import { type Outcome, run } from './run.ts'
import type { World } from './worlds/world.ts'

const MAX_RUNS = 100

/**
 * Looks for plainer choices that fail in the same way: stretches of them are replaced by the plainest event, long ones first. Choices
 * after the last that is not the plainest are left out.
 */
export async function shrink(world: World, seed: number, spools: SpoolDirectory, found: Outcome): Promise<Outcome> {
  let best = found
  let runs = 0
  for (let length = found.choices.length; length >= 1 && runs < MAX_RUNS; length >>= 1) {
    for (let start = 0; start < best.choices.length && runs < MAX_RUNS; start += length) {
      const plainer = best.choices.map((choice, index) => (index >= start && index < start + length ? 0 : choice))
      if (plainer.every((choice, index) => choice === best.choices[index])) continue
      runs++
      const outcome = await run(world, seed, spools, plainer)
      if (outcome.failure?.message === best.failure?.message) best = outcome
    }
  }
  return best
}
