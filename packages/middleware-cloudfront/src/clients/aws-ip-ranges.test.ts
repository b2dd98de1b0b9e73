import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { type TestServer, answering, startServer } from '../../test/http-server.ts'
import {
  AwsIpRanges,
  type AwsIpRangesEnvironment,
  type AwsIpRangesOptions,
  type IpRangesUpdate,
  ipRangesChannel,
} from './aws-ip-ranges.ts'
import { parseIp } from './ip-address.ts'

const hour = 3_600_000
const listOf = (...prefixes: string[]): string =>
  JSON.stringify({ prefixes: prefixes.map(ip_prefix => ({ ip_prefix, region: 'us-east-1', service: 'AMAZON' })) })

/** Time that passes only when the test says so. */
class Waiting {
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: number[] = []
  #arrived = (): void => {}
  #pass = (): void => {}
  #next = new Promise<void>(resolve => (this.#arrived = resolve))

  readonly wait: AwsIpRangesEnvironment['wait'] = (milliseconds, signal) => {
    this.waits.push(milliseconds)
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error)
      signal.addEventListener('abort', abort)
      this.#pass = () => {
        signal.removeEventListener('abort', abort)
        resolve(undefined)
      }
      this.#arrived()
    })
  }

  /** The attempt under way is over. */
  get attempt(): Promise<void> {
    return this.#next
  }

  /** The wait is over; resolves when the attempt after it is. */
  pass(): Promise<void> {
    this.#next = new Promise<void>(resolve => (this.#arrived = resolve))
    this.#pass()
    return this.#next
  }
}

let server: TestServer
let time: Waiting
let ranges: AwsIpRanges | undefined
let updates: IpRangesUpdate[]
let warnings: unknown[]
const onUpdate = (update: unknown): unknown => updates.push(update as IpRangesUpdate)

beforeEach(async () => {
  server = await startServer(answering(listOf('10.0.0.0/8'), { etag: '"1"' }))
  time = new Waiting()
  updates = []
  warnings = []
  ipRangesChannel.subscribe(onUpdate)
  jest.spyOn(process, 'emitWarning').mockImplementation(warning => void warnings.push(warning))
})
afterEach(async () => {
  await ranges?.[Symbol.asyncDispose]()
  await server.close()
  ipRangesChannel.unsubscribe(onUpdate)
  jest.restoreAllMocks()
})

function start(
  options: Partial<AwsIpRangesOptions> = {},
  environment: Partial<AwsIpRangesEnvironment> = {},
): AwsIpRanges {
  const selection = { regions: [], services: [] }
  ranges = new AwsIpRanges(
    { url: server.url, selection, updateFrequency: 12 * hour, ...options },
    { wait: time.wait, random: () => 0, ...environment },
  )
  return ranges
}

const has = (ranges: AwsIpRanges, text: string): boolean => ranges.has(parseIp(text) ?? [])
const outcomes = (): string[] => updates.map(({ outcome }) => outcome)

describe('the ranges', () => {
  it('hold nothing until they are loaded, in the background', async () => {
    const ranges = start()
    expect(has(ranges, '10.0.0.1')).toBe(false)
    await time.attempt
    expect([has(ranges, '10.0.0.1'), has(ranges, '11.0.0.1')]).toEqual([true, false])
    expect(updates).toEqual([
      { url: server.url.href, outcome: 'loaded', prefixCount: 1, skippedCount: 0, nextAttemptMs: 12 * hour },
    ])
  })

  it('are refreshed once a period, each process a little earlier by chance', async () => {
    start({ updateFrequency: 1000 }, { random: () => 0.5 })
    await time.attempt
    for (let refresh = 0; refresh < 5; refresh++) await time.pass()
    expect(time.waits).toEqual(Array.from({ length: 6 }, () => 950))
    expect(server.requests).toHaveLength(6)
  })

  it('are replaced by a new version', async () => {
    const ranges = start()
    await time.attempt
    server.answer = answering(listOf('11.0.0.0/8'))
    await time.pass()
    expect([has(ranges, '10.0.0.1'), has(ranges, '11.0.0.1')]).toEqual([false, true])
  })

  it('are not sent again while they are the newest', async () => {
    let sent = 0
    server.answer = ({ headers }, response) => {
      if (headers['if-none-match'] === '"7"') return void response.writeHead(304).end()
      sent++
      answering(listOf('10.0.0.0/8'), { etag: '"7"' })(undefined as never, response)
    }
    const ranges = start()
    await time.attempt
    await time.pass()
    await time.pass()
    expect(outcomes()).toEqual(['loaded', 'unchanged', 'unchanged'])
    expect(sent).toBe(1)
    expect(has(ranges, '10.0.0.1')).toBe(true)
  })

  it('can be refreshed less often than a timer of Node can wait', async () => {
    start({ updateFrequency: 1000 * 24 * hour })
    await time.attempt
    expect(time.waits).toEqual([2 ** 31 - 1])
  })

  it('are those of the wanted regions; one that AWS does not know is told', async () => {
    const ranges = start({ selection: { regions: ['eu-centrall-1'], services: [] } })
    await time.attempt
    expect(warnings).toEqual([expect.stringMatching(/ip-ranges\.json have no entry for: eu-centrall-1$/)])
    expect(has(ranges, '10.0.0.1')).toBe(false)
  })
})

describe('a failed attempt', () => {
  it('to load them is repeated within seconds, then less and less often', async () => {
    server.answer = (_, response) => response.writeHead(503).end()
    const ranges = start()
    await time.attempt
    for (let retry = 0; retry < 10; retry++) await time.pass()
    const seconds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    expect(time.waits).toEqual(seconds.map(wait => wait * 1000))
    server.answer = answering(listOf('10.0.0.0/8'))
    await time.pass()
    expect(time.waits.at(-1)).toBe(12 * hour)
    expect(has(ranges, '10.0.0.1')).toBe(true)
  })

  it('is repeated at different moments by different processes', async () => {
    server.answer = (_, response) => response.writeHead(503).end()
    start({}, { random: () => 0.9 })
    await time.attempt
    expect(time.waits[0]).toBeCloseTo(550)
  })

  it.each([
    ['an error', (_, response) => response.writeHead(500).end()],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['garbage', answering('<html>Welcome to this network</html>', { etag: '"1"' })],
    ['an empty list', answering('{"prefixes":[]}', { etag: '"1"' })],
    ['a huge answer', answering(listOf('12.0.0.0/8') + ' '.repeat(10_000))],
    [
      'half an answer',
      (_, response) => response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy()),
    ],
    ['no answer', () => {}],
  ] satisfies [string, TestServer['answer']][])(
    'to refresh them leaves them as they are, and is repeated soon: %s',
    async (_, answer) => {
      const ranges = start({}, { limits: { timeoutMs: 200, maxBytes: 5000 } })
      await time.attempt
      server.answer = answer
      await time.pass()
      await time.pass()
      expect(outcomes()).toEqual(['loaded', 'failed', 'failed'])
      expect(time.waits).toEqual([12 * hour, 1000, 2000])
      expect(has(ranges, '10.0.0.1')).toBe(true)
      // What was refused is not taken for the newest version afterwards.
      server.answer = answering(listOf('11.0.0.0/8'), { etag: '"2"' })
      await time.pass()
      expect(server.requests.map(headers => headers['if-none-match'])).toEqual([undefined, '"1"', '"1"', '"1"'])
      expect(has(ranges, '11.0.0.1')).toBe(true)
    },
  )

  it('is told once, without what may be secret in the URL', async () => {
    server.answer = (_, response) => response.writeHead(403).end()
    const url = new URL('?token=hush', server.url)
    start({ url })
    await time.attempt
    await time.pass()
    server.answer = answering(listOf('10.0.0.0/8'))
    await time.pass()
    server.answer = (_, response) => response.writeHead(404).end()
    await time.pass()
    const failure = `cloudfront: cannot load address ranges from ${server.url.href}: the answer is`
    expect(warnings).toEqual([
      `${failure} 403; every client gets a CloudFront URL; next attempt in 1 s`,
      `${failure} 404; the ones at hand stay in use; next attempt in 1 s`,
    ])
    expect(JSON.stringify(updates)).not.toContain('hush')
  })
})

describe('disposal', () => {
  it('ends the request under way', async () => {
    const received = new Promise<void>(resolve => (server.answer = () => resolve()))
    const ranges = start()
    await received
    await ranges[Symbol.asyncDispose]()
    await server.idle()
    expect(updates).toEqual([])
  })

  it('ends the waiting for the next one', async () => {
    const ranges = start()
    await time.attempt
    await ranges[Symbol.asyncDispose]()
    await ranges[Symbol.asyncDispose]()
    expect(server.requests).toHaveLength(1)
  })

  it('leaves no connection after a load', async () => {
    start()
    await time.attempt
    await server.idle()
  })
})

describe('the process is not kept alive', () => {
  const sockets = (): string[] => process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap')
  const timers = (): string[] => process.getActiveResourcesInfo().filter(kind => kind === 'Timeout')
  const selection = { regions: [], services: [] }

  it.each(['loads', 'waits'])('while it %s', async state => {
    const busy = new Promise(resolve => {
      if (state === 'loads') server.answer = resolve
      else ipRangesChannel.subscribe(resolve)
    })
    ranges = new AwsIpRanges({ url: server.url, selection, updateFrequency: hour })
    await busy
    await new Promise(setImmediate)
    expect(sockets()).toEqual([])
    // The test runner has timers of its own, but none of them changes while this one ends.
    const before = timers()
    await ranges[Symbol.asyncDispose]()
    expect(timers()).toEqual(before)
  })
})
