import { styleText } from 'node:util'
import type { RequestReport } from './request-report.ts'
import { lineOutput } from './line-output.ts'
import { bytes } from './quantities.ts'

/** Colours of the lines, by their source. */
const colours = { registry: 'reset', edge: 'cyan', s3: 'gray' } as const

/** Line of the log. */
export interface Line {
  readonly who: keyof typeof colours
  readonly what: string
  readonly target: string
  /** Status, and what else there is to tell. */
  readonly outcome: string
  readonly durationMs: number | undefined
  /** Id of the request, where there is one. */
  readonly id?: string
}

/** Prints a line. */
export type Log = (line: Line) => void

/** Creates a log of lines for people, in colours on a terminal. `suffix` comes at the end of each. */
export function createLineLog(output: NodeJS.WriteStream, suffix = ''): Log {
  const isColourful = output.isTTY && process.env['NO_COLOR'] === undefined
  const write = lineOutput(output)
  return line => {
    const text = format(line, new Date()) + suffix
    write(`${isColourful ? styleText(colours[line.who], text) : text}\n`)
  }
}

/** Control characters, which a terminal would obey. */
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f]/
const allControls = new RegExp(controls, 'g')

/** `12:00:01  registry  GET   /v2/hello/blobs/sha256:ab12cd34ef56…  307 → cloudfront  3 ms  b1946ac92492d234` */
export function format({ who, what, target, outcome, durationMs, id = '' }: Line, time: Date): string {
  const took = durationMs === undefined ? '' : `${Math.round(durationMs)} ms`
  const subject = `${what.padEnd(6)}  ${short(target)}`
  const line = `${clockAt(time)}  ${who.padEnd(8)}  ${subject.padEnd(76)}  ${outcome.padEnd(20)}  ${took.padEnd(7)}  ${id}`
  const trimmed = line.trimEnd()
  return controls.test(trimmed) ? trimmed.replaceAll(allControls, '?') : trimmed
}

let lastSecond = 0
let lastClock = ''

/** Time of day, kept for a second, because many lines fall into one. */
function clockAt(time: Date): string {
  const second = Math.floor(time.getTime() / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastClock = time.toTimeString().slice(0, 8)
  }
  return lastClock
}

/** Line of a request: where a pull was sent, and how much came with a push. */
export function registryLine({ id, method, url, status, servedBy, received, durationMs }: RequestReport): Line {
  const sent = servedBy === undefined ? '' : ` → ${servedBy}`
  const came = received > 0 ? `  ${bytes(received)} in` : ''
  const outcome = `${status ?? 'cut off'}${sent}${came}`
  return { who: 'registry', what: method, target: url, outcome, durationMs, id }
}

/** Shortens digests and ids, which are recognised by their beginnings, and paths, which all begin alike. */
function short(target: string): string {
  const shortened = withShortDigests(target.replace(/^\/?docker\/registry\/v2\//, '…/'))
  return shortened.includes('-')
    ? shortened.replaceAll(/([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '$1…')
    : shortened
}

/** Shortens digests. `replaceAll` takes twice as long, as nearly every request's line has one digest. */
function withShortDigests(text: string): string {
  const found = /[0-9a-f]{64,}/.exec(text)
  if (found === null) return text
  const end = found.index + found[0].length
  return `${text.slice(0, found.index + 12)}…${withShortDigests(text.slice(end))}`
}
