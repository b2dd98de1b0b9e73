import { SpoolDirectory } from '@longshore/local-cloud'
import { Command, InvalidArgumentError } from 'commander'
import { run, warmUp } from './run.ts'
import { shrink } from './shrink.ts'
import { worlds } from './worlds/worlds.ts'

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('accepted: a whole number')
  return Number(text)
}

const options = new Command('simulate')
  .option('--world <name>', `one of ${worlds.map(({ name }) => name).join(', ')}; default: all`)
  .option('--seeds <count>', 'schedules of each world', wholeNumber, 1000)
  .option('--mutant <name>', 'a fault that is put into the driver first: --mutant=NAME, one of mutants.json')
  .option('--seed <number>', 'the first seed; alone: the only one, with its trace', wholeNumber)
  .parse()
  .opts<{ world?: string; seeds: number; seed?: number }>()

const chosen = worlds.filter(({ name }) => options.world === undefined || name === options.world)
if (chosen.length === 0)
  throw new Error(`no world is named ${options.world}; accepted: ${worlds.map(({ name }) => name).join(', ')}`)
const isReplay = options.seed !== undefined && !process.argv.includes('--seeds')
const first = options.seed ?? 1
const count = isReplay ? 1 : options.seeds

await using spools = await SpoolDirectory.create()
await warmUp()
for (const world of chosen) {
  const begin = performance.now()
  let steps = 0
  let played = 0
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await run(world, seed, spools)
    steps += outcome.trace.length
    played++
    // Every hundredth twice: were one not the same again, no failure could be replayed.
    if (isReplay || seed % 100 === 0) {
      const again = await run(world, seed, spools)
      if (again.hash !== outcome.hash) throw new Error(`${world.name} seed ${seed}: two runs differ`)
    }
    if (isReplay) console.log(outcome.trace.join('\n'))
    if (!outcome.failure) continue
    process.exitCode = 1
    const smallest = await shrink(world, seed, spools, outcome)
    console.log(`${smallest.trace.join('\n')}\n`)
    console.log(`${world.name} seed ${seed}: ${smallest.failure?.stack}`)
    break
  }
  const seconds = (performance.now() - begin) / 1000
  console.log(`${world.name}: ${played} schedules, ${steps} steps, ${Math.round(played / seconds)} schedules a second`)
}
