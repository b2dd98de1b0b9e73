import type { Machine } from './machine.ts'
import { judge } from './row.ts'
import type { Outcome } from './run-figures.ts'

/** The results as `--json` writes them. */
export function report(machine: Machine, outcomes: readonly Outcome[], { quick }: { quick: boolean }): object {
  const figures = outcomes.map(({ rows, ...outcome }) => ({
    ...outcome,
    rows: rows.map(row => ({ ...row, ...judge(row) })),
  }))
  return { machine, quick, figures }
}
