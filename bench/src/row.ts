import type { Summary } from './statistics.ts'

/** In what a quantity is counted. */
export type Unit = '/s' | 's' | 'ms' | 'MiB' | 'MiB/s' | 'CPU s/GiB' | 'requests'

/** One quantity of one side; without a summary, why there is none. */
export type Measurement = { readonly name: string } & ({ readonly summary: Summary } | { readonly missing: string })

/** What is to be reached: by ours divided by the peer's, or by ours alone, in the row's unit. */
export interface Target {
  readonly of: 'ratio' | 'ours'
  readonly bound: 'at least' | 'at most'
  readonly value: number
}

/** One line of a figure. */
export interface Row {
  readonly what: string
  readonly unit: Unit
  readonly ours: Measurement
  readonly peer?: Measurement | undefined
  /** Default: the row is only for information. */
  readonly target?: Target | undefined
}

/** What became of a row. */
export interface Verdict {
  /** Ours divided by the peer's. */
  readonly ratio: number | undefined
  /** Undefined without a target, and where a side is missing. */
  readonly reached: boolean | undefined
}

/** Ours is to be this many times the peer's or more. */
export function timesAtLeast(value: number): Target {
  return { of: 'ratio', bound: 'at least', value }
}

/** Ours is to be this many times the peer's or less. */
export function timesAtMost(value: number): Target {
  return { of: 'ratio', bound: 'at most', value }
}

/** Ours is to be this much or more. */
export function atLeast(value: number): Target {
  return { of: 'ours', bound: 'at least', value }
}

/** Ours is to be this much or less. */
export function atMost(value: number): Target {
  return { of: 'ours', bound: 'at most', value }
}

export function judge({ ours, peer, target }: Row): Verdict {
  const [our, their] = [medianOf(ours), medianOf(peer)]
  const ratio = our === undefined || their === undefined || their === 0 ? undefined : our / their
  const unit = target?.of === 'ours' ? 1 : their
  if (target === undefined || our === undefined || unit === undefined) return { ratio, reached: undefined }
  // Multiplied, not divided: a peer may have come to nothing.
  const line = target.value * unit
  return { ratio, reached: target.bound === 'at least' ? our >= line : our <= line }
}

export function medianOf(measurement: Measurement | undefined): number | undefined {
  return measurement && 'summary' in measurement ? measurement.summary.median : undefined
}
