import type { Program } from '@longshore/e2e/installed'
import type { Bench } from './bench.ts'
import type { Row } from './row.ts'

/** One thing that is measured, side by side with what a user would otherwise use. */
export interface Figure {
  /** What `--only` selects it by. */
  readonly name: string
  readonly title: string
  /** Roughly how long all of it takes, in seconds. */
  readonly seconds: number
  /** Programs without which nothing can be measured. A peer's own are named with the peer. Default none. */
  readonly needs?: readonly Program[]
  measure(bench: Bench): Promise<Row[]>
}

/** Why a figure cannot be measured here. It counts as skipped, not as failed. */
export class CannotMeasure extends Error {
  override readonly name = 'CannotMeasure'
}
