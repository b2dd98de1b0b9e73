import { goal, quantity, rowTitle, times } from './format.ts'
import { type Measurement, type Row, judge, medianOf } from './row.ts'
import type { Outcome } from './run-figures.ts'
import { type Bar, barChart } from './svg/bar-chart.ts'

/** All rows that have a target, in one picture. */
export function overview(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ name, rows }) =>
    rows.filter(({ target }) => target !== undefined).map(row => ({ ...row, what: rowTitle(name, row) })),
  )
  return chart('Longshore and its peers', rows)
}

/** One figure. */
export function plot({ title, rows }: Outcome): string {
  return chart(title, rows)
}

function chart(title: string, rows: readonly Row[]): string {
  const bars = rows.map(barOf).filter(bar => bar !== undefined)
  return barChart({ title, subtitle: 'Times better than the peer, or than the target where there is no peer', bars })
}

/** Undefined where there is nothing to compare with. */
function barOf(row: Row): Bar | undefined {
  const { what, unit, ours, peer, target } = row
  const our = medianOf(ours)
  if (our === undefined) return undefined
  const { ratio, reached } = judge(row)
  const lessIsBetter = target ? target.bound === 'at most' : unit !== '/s' && unit !== 'MiB/s'
  const better = (value: number): number => (lessIsBetter ? 1 / value : value)
  const compared = target?.of === 'ours' ? our / target.value : ratio
  if (compared === undefined || compared === 0) return undefined
  const aim = target && (target.of === 'ours' ? 1 : better(target.value))
  const against = peer === undefined ? '' : ` against ${text(peer, row)} (${peer.name})`
  const wanted = target && (target.of === 'ours' ? goal(target, unit) : `>= ${times(better(target.value))}`)
  return {
    label: what,
    detail: `${text(ours, row)}${against}${wanted === undefined ? '' : `, target ${wanted}`}`,
    value: better(compared),
    text: times(better(compared)),
    target: aim,
    state: reached === undefined ? 'neutral' : reached ? 'reached' : 'missed',
  }
}

function text(measurement: Measurement, { unit }: Row): string {
  const median = medianOf(measurement)
  return median === undefined ? 'left out' : quantity(median, unit)
}
