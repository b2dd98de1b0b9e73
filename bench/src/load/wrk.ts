import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import type { Sample } from '../alternate.ts'
import { runProgram } from '../run-program.ts'

/**
 * Prints what was measured as one line of JSON. With a file of paths, thread by thread each asks for them in their order,
 * over and over; requests are put together before the clock runs.
 */
const script = `
local file = os.getenv('BENCH_PATHS')
if file then
  local requests, at = {}, 0
  init = function()
    for path in io.lines(file) do requests[#requests + 1] = wrk.format('GET', path) end
  end
  request = function()
    at = at % #requests + 1
    return requests[at]
  end
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\\nRESULT {"requests":%d,"duration":%d,"p50":%.0f,"p99":%.0f,"refused":%d,"broken":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
`

/** Times are in microseconds. */
interface Result {
  readonly requests: number
  readonly duration: number
  readonly p50: number
  readonly p99: number
  /** Answers with a status from 400 on. */
  readonly refused: number
  readonly broken: number
}

export interface WrkOptions {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** A file of paths to ask for, one a line. Default: that of `url` again and again. */
  readonly paths?: string | undefined
}

/** Makes load with one thread of wrk. Throws when an answer is an error or a connection breaks. */
export async function wrk(
  bench: Bench,
  { url, connections, seconds, paths }: WrkOptions,
): Promise<Sample & { perSecond: number; p50: number; p99: number }> {
  const file = join(await bench.directory(), 'load.lua')
  await writeFile(file, script)
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', file, url]
  const env = paths === undefined ? {} : { BENCH_PATHS: paths }
  const output = await runProgram('wrk', args, { signal: bench.signal, env })
  const [, result] = /^RESULT (.*)$/m.exec(output) ?? []
  if (result === undefined) throw new Error(`wrk: no result in ${output}`)
  const { requests, duration, p50, p99, refused, broken } = JSON.parse(result) as Result
  if (requests === 0 || refused > 0 || broken > 0) {
    throw new Error(`wrk: of ${requests} requests to ${url} ${refused} got an error and ${broken} no answer`)
  }
  return { perSecond: (requests / duration) * 1e6, p50: p50 / 1000, p99: p99 / 1000 }
}
