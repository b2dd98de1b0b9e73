import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { Session } from './bench.ts'
import type { Figure } from './figure.ts'
import { describeMachine, machineLines } from './machine.ts'
import { overview, plot } from './plots.ts'
import { report } from './report.ts'
import { type Outcome, runFigures } from './run-figures.ts'
import { UnknownFigure, selectFigures } from './select.ts'
import { table } from './table.ts'

interface Options {
  only: string[]
  list?: boolean
  quick?: boolean
  json?: string
  svg?: string
}

/** Runs the command line. Returns the exit code: 1 when a figure failed or the command is wrong, 130 when interrupted. */
export async function runCommand(args: readonly string[], figures: readonly Figure[]): Promise<number> {
  const program = new Command('bench')
    .description('Measures Longshore side by side with what its users would otherwise use.')
    .option('--only <name>', 'only this figure, or those that begin so; may be given several times', collect, [])
    .option('--list', 'say which figures there are, and measure nothing')
    .option('--quick', 'small sizes, to see that everything works; the numbers mean little')
    .option('--json <file>', 'write the results to a file')
    .option('--svg <directory>', 'draw the results')
    .exitOverride()
  try {
    const options = program.parse(args, { from: 'user' }).opts<Options>()
    const selected = selectFigures(figures, options.only)
    if (options.list) return list(selected)
    return await measure(selected, options)
  } catch (error) {
    // Commander has told the user already.
    if (error instanceof CommanderError) return error.exitCode
    if (!(error instanceof UnknownFigure)) throw error
    console.error(error.message)
    return 1
  }
}

function collect(value: string, values: string[]): string[] {
  return [...values, value]
}

function list(figures: readonly Figure[]): number {
  const width = Math.max(...figures.map(({ name }) => name.length))
  for (const { name, title, seconds } of figures) console.log(`${name.padEnd(width)}  ${title} (${seconds} s)`)
  return 0
}

async function measure(figures: readonly Figure[], { quick = false, json, svg }: Options): Promise<number> {
  const interrupt = new AbortController()
  const stop = (): void => interrupt.abort(new Error('interrupted'))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const machine = await describeMachine()
  console.log(`${machineLines(machine)}\n`)
  const log = (text: string): void => console.error(`${new Date().toTimeString().slice(0, 8)}  ${text}`)
  const outcomes: Outcome[] = []
  try {
    await using session = new Session()
    const options = { session, quick, signal: interrupt.signal, log, onError: console.error }
    for await (const outcome of runFigures(figures, options)) outcomes.push(outcome)
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
    log('interrupted; everything that was started is ended')
  }
  console.log(`\n${table(outcomes)}`)
  if (quick) console.log('\nMeasured with small sizes: what is reached or not says little.')
  const results = report(machine, outcomes, { quick })
  if (json !== undefined) await writeTo(json, `${JSON.stringify(results, undefined, 2)}\n`)
  if (svg !== undefined) {
    await writeTo(join(svg, 'overview.svg'), overview(outcomes))
    for (const outcome of outcomes.filter(({ rows }) => rows.length > 0))
      await writeTo(join(svg, `${outcome.name}.svg`), plot(outcome))
  }
  if (interrupt.signal.aborted) return 130
  return outcomes.some(({ error }) => error !== undefined) ? 1 : 0
}

async function writeTo(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}
