import type { Simulation } from '../world/simulation.ts'

/** What happens in a run, but for what its choices decide. */
export interface World {
  readonly name: string
  /** Faults that a run may have. */
  readonly faults: number
  play(simulation: Simulation): Promise<void>
}
