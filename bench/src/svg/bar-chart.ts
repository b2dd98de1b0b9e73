import { LogScale } from './log-scale.ts'
import { element, text } from './element.ts'

/** One bar, which leads from 1 to its value. */
export interface Bar {
  readonly label: string
  /** What was measured, below the label. */
  readonly detail: string
  readonly value: number
  /** What stands at the end of the bar. */
  readonly text: string
  /** Where the bar should reach. */
  readonly target?: number | undefined
  readonly state: 'reached' | 'missed' | 'neutral'
}

export interface Chart {
  readonly title: string
  readonly subtitle: string
  readonly bars: readonly Bar[]
}

const width = 960
const margin = 20
const head = 78
const rowHeight = 46
const foot = 44
const barHeight = 12
/** Kept free on both sides of the scale, for the texts at the ends of bars. */
const textWidth = 64

/** Readable on light and dark backgrounds: the picture has none of its own. */
const style = `
text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
.title { font-size: 18px; font-weight: 600 }
.detail, .tick { font-size: 11.5px; fill: #59636e }
.value { font-weight: 600 }
.grid { stroke: #d1d9e0 }
.one { stroke: #59636e }
.target { stroke: #1f2328; stroke-width: 2.5 }
.reached { fill: #1f883d }
.missed { fill: #d1570c }
.neutral { fill: #4f7cac }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .detail, .tick { fill: #9198a1 }
  .grid { stroke: #3d444d }
  .one { stroke: #9198a1 }
  .target { stroke: #f0f6fc }
  .reached { fill: #3fb950 }
  .missed { fill: #f0883e }
  .neutral { fill: #79a7d8 }
}`

/** Horizontal bars on a logarithmic scale, each with its target as a line across it. An SVG document. */
export function barChart({ title, subtitle, bars }: Chart): string {
  const scale = new LogScale(
    bars.flatMap(({ value, target = 1 }) => [value, target]),
    { from: margin + textWidth, to: width - margin - textWidth },
  )
  const bottom = head + bars.length * rowHeight
  const height = bottom + foot
  const content = [
    element('style', {}, style),
    text(title, { x: margin, y: 30, class: 'title' }),
    text(subtitle, { x: margin, y: 52, class: 'detail' }),
    ...scale.ticks.map(tick =>
      text(`${tick}x`, { x: scale.at(tick), y: bottom + 16, class: 'tick', 'text-anchor': 'middle' }),
    ),
    ...bars.map((bar, index) => drawBar(bar, head + index * rowHeight, scale)),
    ...legend(height - 10, new Set(bars.map(({ state }) => state))),
  ]
  const box = { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': title }
  return `${element('svg', { xmlns: 'http://www.w3.org/2000/svg', ...box }, content.join('\n'))}\n`
}

function drawBar({ label, detail, value, text: end, target, state }: Bar, top: number, scale: LogScale): string {
  const [one, reach] = [scale.at(1), scale.at(value)]
  const middle = top + 28
  const isBetter = reach >= one
  // The text stands clear of the target's line, too.
  const ends = target === undefined ? [reach] : [reach, scale.at(target)]
  const parts = [
    ...scale.ticks.map(tick => mark(scale.at(tick), middle, tick === 1 ? 'one' : 'grid')),
    element(
      'text',
      { x: margin, y: top + 14 },
      [
        element('tspan', {}, label, { escape: true }),
        element('tspan', { class: 'detail', dx: 10 }, detail, { escape: true }),
      ].join(''),
    ),
    element('rect', {
      x: Math.min(one, reach),
      y: middle - barHeight / 2,
      width: Math.max(Math.abs(reach - one), 1),
      height: barHeight,
      rx: 2,
      class: state,
    }),
    text(end, {
      x: isBetter ? Math.max(...ends) + 8 : Math.min(...ends) - 8,
      y: middle + 4.5,
      class: 'value',
      'text-anchor': isBetter ? 'start' : 'end',
    }),
  ]
  if (target !== undefined) parts.push(mark(scale.at(target), middle, 'target'))
  return element('g', {}, parts.join('\n'))
}

/** A line across a bar, and not across the text above it. */
function mark(x: number, middle: number, kind: 'one' | 'grid' | 'target'): string {
  return element('line', { x1: x, x2: x, y1: middle - barHeight, y2: middle + barHeight, class: kind })
}

const meanings = [
  ['reached', 'target reached'],
  ['missed', 'target missed'],
  ['neutral', 'no target'],
] as const

function legend(y: number, states: ReadonlySet<Bar['state']>): string[] {
  const entries = meanings.filter(([state]) => states.has(state))
  const squares = entries.flatMap(([state, meaning], index) => [
    element('rect', { x: margin + index * 130, y: y - 9, width: 10, height: 10, rx: 2, class: state }),
    text(meaning, { x: margin + 16 + index * 130, y, class: 'tick' }),
  ])
  const x = margin + entries.length * 130 + 4
  return [
    ...squares,
    element('line', { x1: x, x2: x, y1: y - 11, y2: y + 3, class: 'target' }),
    text('target', { x: x + 10, y, class: 'tick' }),
  ]
}
