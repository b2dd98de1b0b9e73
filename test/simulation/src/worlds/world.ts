import type { Simulation } from '../world/simulation.ts'

/** Course of a run, but for what its choices decide. */
export interface World {
  readonly name: string
  /** Faults that a run may have. */
  readonly faults: number
  play(simulation: Simulation): Promise<void>
}
