import { goal, quantity, rowTitle, times } from './format.ts'
import { type Measurement, type Row, judge } from './row.ts'
import type { Outcome } from './run-figures.ts'

const heads = ['figure', 'ours', 'peer', 'ratio', 'target', 'reached']

/** The outcomes as a table for people, a line a row, and below it what was left out. */
export function table(outcomes: readonly Outcome[]): string {
  const lines = outcomes.flatMap(({ name, rows }) => rows.map(row => [rowTitle(name, row), ...cells(row)]))
  const widths = heads.map((head, column) => Math.max(head.length, ...lines.map(line => line[column]?.length ?? 0)))
  const text = (line: readonly string[]): string =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  const rule = widths.map(width => '-'.repeat(width))
  return [...[heads, rule, ...lines].map(text), ...remarks(outcomes)].join('\n')
}

function cells(row: Row): string[] {
  const { ours, peer, target, unit } = row
  const { ratio, reached } = judge(row)
  return [
    describe(ours, row),
    peer === undefined ? '' : `${peer.name}: ${describe(peer, row)}`,
    ratio === undefined ? '' : times(ratio),
    target === undefined ? '' : goal(target, unit),
    reached === undefined ? '' : reached ? 'yes' : 'NO',
  ]
}

/** The median, and how far the middle half of the rounds lies apart. */
function describe(measurement: Measurement, { unit }: Row): string {
  if ('missing' in measurement) return 'left out'
  const { median, quartiles, rounds } = measurement.summary
  if (rounds === 1) return quantity(median, unit)
  const spread = median === 0 ? 0 : ((quartiles[1] - quartiles[0]) / 2 / median) * 100
  return `${quantity(median, unit)} ±${spread.toFixed(0)} %`
}

function remarks(outcomes: readonly Outcome[]): string[] {
  const lines = outcomes.flatMap(({ name, rows, skipped, error }) => {
    const peers = rows.flatMap(({ ours, peer }) => [ours, peer]).filter(side => side && 'missing' in side)
    const missing = peers.map(side => (side && 'missing' in side ? `${name}: ${side.name}: ${side.missing}` : ''))
    const failure = skipped ?? error
    return failure === undefined ? missing : [`${name}: ${failure}`, ...missing]
  })
  return lines.length === 0 ? [] : ['', ...new Set(lines)]
}
