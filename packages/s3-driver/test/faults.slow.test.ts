import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { BucketView, Fault, FaultRule, LocalCloud } from '@longshore/local-cloud'
import { type StorageDriver, StorageError, isStorageError } from '@longshore/middleware-core'
import { type S3DriverOptions, content, startLocalCloud, write } from './cloud.ts'
import { smallPartDriver } from './small-parts.ts'

/** Small, because there are many rounds, but large enough to take part in the memory budget. */
const part = 128 * 1024

const whole = content(2 * part + 5)
const small = content(100, 2)
const slow = 300

/** What a service does, and what it does again when that failed. Each has a server to itself. */
interface Scenario {
  readonly before?: Record<string, Buffer>
  /** Whatever happens, what is visible has these contents. */
  readonly contents: Record<string, Buffer>
  /** Visible in the end. */
  readonly after: readonly string[]
  /** Of these keys one at least is visible at any time. */
  readonly never?: readonly string[]
  run(driver: () => StorageDriver): Promise<void>
  /** Default: the same again. */
  repeat?(driver: () => StorageDriver): Promise<void>
}

const scenarios: Record<string, Scenario> = {
  'a push of three parts': {
    contents: { a: whole },
    after: ['a'],
    async run(driver) {
      const writer = await driver().writer('/a')
      await write(writer, whole)
      await writer.commit()
    },
    repeat: continuePush,
  },
  'a push of three parts that is closed and continued': {
    contents: { a: whole },
    after: ['a'],
    async run(driver) {
      const first = await driver().writer('/a')
      await write(first, whole.subarray(0, part + 1000))
      await first.close()
      const second = await driver().writer('/a', { append: true })
      expect(second.size).toBe(part + 1000)
      await write(second, whole.subarray(second.size))
      await second.commit()
    },
    repeat: continuePush,
  },
  'a small push that is closed and committed later': {
    contents: { a: small },
    after: ['a'],
    async run(driver) {
      const writer = await driver().writer('/a')
      await write(writer, small)
      await writer.close()
      await writer.commit()
    },
    repeat: driver => continuePush(driver, small),
  },
  'a push of three parts that is committed elsewhere': {
    contents: { a: whole, b: whole },
    after: ['b'],
    async run(driver) {
      const writer = await driver().writer('/a', { destination: '/b' })
      await write(writer, whole)
      await writer.commit()
    },
    repeat: continueElsewhere,
  },
  'a push of three parts that is closed and committed elsewhere': {
    contents: { a: whole, b: whole },
    after: ['b'],
    async run(driver) {
      const first = await driver().writer('/a')
      await write(first, whole.subarray(0, part + 1000))
      await first.close()
      const second = await driver().writer('/a', { append: true, destination: '/b' })
      await write(second, whole.subarray(second.size))
      await second.commit()
    },
    repeat: continueElsewhere,
  },
  'a small push that is closed and committed elsewhere': {
    contents: { b: small },
    after: ['b'],
    async run(driver) {
      const first = await driver().writer('/a')
      await write(first, small)
      await first.close()
      const second = await driver().writer('/a', { append: true, destination: '/b' })
      await second.commit()
    },
    repeat: driver => continuePush(driver, small, '/b'),
  },
  'storing a small content': {
    contents: { a: small },
    after: ['a'],
    run: async driver => {
      await driver().putContent('/a', small)
    },
  },
  'a move of a small file': {
    before: { a: small },
    contents: { a: small, b: small },
    after: ['b'],
    never: ['a', 'b'],
    run: driver => driver().move('/a', '/b'),
    repeat: driver => driver().move('/a', '/b').catch(unlessGone),
  },
  'a move in parts': {
    before: { a: whole },
    contents: { a: whole, b: whole },
    after: ['b'],
    never: ['a', 'b'],
    run: driver => driver().move('/a', '/b'),
    repeat: driver => driver().move('/a', '/b').catch(unlessGone),
  },
  'the deletion of a tree': {
    before: { d: small, 'd/1': small, 'd/2/3': small, 'd-4': small },
    contents: { d: small, 'd/1': small, 'd/2/3': small, 'd-4': small },
    after: ['d-4'],
    run: driver => driver().delete('/d'),
    repeat: driver => driver().delete('/d').catch(unlessGone),
  },
}

/** As a service goes on after a failure: behind what is there, or from the beginning where nothing is. */
async function continuePush(driver: () => StorageDriver, bytes = whole, destination = '/a'): Promise<void> {
  try {
    const writer = await driver()
      .writer('/a', { append: true, destination })
      .catch((error: unknown) => {
        if (isStorageError(error, 'PATH_NOT_FOUND')) return driver().writer('/a', { destination })
        throw error
      })
    await write(writer, bytes.subarray(writer.size))
    await writer.commit()
  } catch (error) {
    // It was committed after all.
    if (!isStorageError(error, 'UPLOAD_NOT_FOUND', 'ALREADY_COMMITTED')) throw error
  }
}

/** The same, to another path: the commit may have come as far as the upload's own. */
async function continueElsewhere(driver: () => StorageDriver): Promise<void> {
  await continuePush(driver, whole, '/b')
  await driver().move('/a', '/b').catch(unlessGone)
}

function unlessGone(error: unknown): void {
  if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
}

const faults: Record<string, Fault> = {
  'is refused with 503': { kind: 'error', status: 503, code: 'ServiceUnavailable' },
  'breaks before it takes effect': { kind: 'reset', when: 'before' },
  'breaks after it took effect': { kind: 'reset', when: 'after' },
  'hangs before it takes effect': { kind: 'delay', milliseconds: 60_000, when: 'before' },
  'hangs after it took effect': { kind: 'delay', milliseconds: 60_000, when: 'after' },
  'is 200 with an error in it': { kind: 'error-in-200', when: 'before' },
  'is 200 with an error in it although it took effect': { kind: 'error-in-200', when: 'after' },
}
const answeredEarly = new Set(['CompleteMultipartUpload', 'CopyObject', 'UploadPartCopy'])

/** Hits the `n`th request that the fault is possible for: once, or at each try and each repetition of it. */
class Target {
  isHit = false
  readonly #fault: Fault
  readonly #n: number
  readonly #times: 'once' | 'always'
  #seen = 0
  #identity: string | undefined

  constructor(n: number, fault: Fault, times: 'once' | 'always') {
    this.#n = n
    this.#fault = fault
    this.#times = times
  }

  readonly rule: FaultRule = ({ operation, key, target }) => {
    if (this.#fault.kind === 'error-in-200' && !answeredEarly.has(operation)) return undefined
    const identity = [operation, key, /partNumber=\d+/.exec(target)?.[0]].join(' ')
    if (identity === this.#identity) return this.#times === 'always' ? this.#fault : undefined
    if (++this.#seen !== this.#n) return undefined
    this.#identity = identity
    this.isHit = true
    return this.#fault
  }
}

const clouds = new Map<string, LocalCloud>()

beforeAll(async () => {
  const first = await startLocalCloud()
  const { privateKey } = first
  for (const name of Object.keys(scenarios)) {
    const cloud = clouds.size === 0 ? first : await startLocalCloud({ privateKey })
    cloud.s3.quirks.minPartBytes = 1
    clouds.set(name, cloud)
  }
})

afterAll(async () => {
  for (const cloud of clouds.values()) await cloud.close()
})

/** Runs the scenario once for each of its requests, which then fails. Returns how many those are. */
async function failEach(name: string, fault: Fault, times: 'once' | 'always'): Promise<number> {
  const cloud = clouds.get(name)!
  for (let n = 1; ; n++) {
    const target = new Target(n, fault, times)
    await runWith(target, cloud, scenarios[name]!, fault, times).catch((error: unknown) => {
      throw new Error(`${name}, when request ${n} fails ${times}`, { cause: error })
    })
    if (!target.isHit) return n - 1
  }
}

async function runWith(
  target: Target,
  cloud: LocalCloud,
  scenario: Scenario,
  fault: Fault,
  times: 'once' | 'always',
): Promise<void> {
  const bucket = cloud.s3.bucket(cloud.bucket)
  const drivers: StorageDriver[] = []
  const driver = (options: Partial<S3DriverOptions> = {}): StorageDriver => {
    const created = smallPartDriver(cloud, part, { maxAttempts: 2, ...options })
    drivers.push(created)
    return created
  }
  try {
    for (const [key, bytes] of Object.entries(scenario.before ?? {})) await bucket.put(key, bytes)
    cloud.s3.faults.add(target.rule)
    const impatient = fault.kind === 'delay' ? { requestTimeout: `${slow}ms` } : {}
    const error: unknown = await scenario
      .run(() => driver(impatient))
      .then(
        () => undefined,
        (reason: unknown) => reason,
      )
    await expectOnlyWhole(bucket, scenario)
    cloud.s3.faults.clear()
    if (error === undefined) await expectDone(bucket, scenario)
    else {
      expect(error).toBeInstanceOf(StorageError)
      // One lost try is nothing that a caller should hear of.
      if (times === 'once') throw error
      await (scenario.repeat ?? scenario.run)(() => driver())
      await expectDone(bucket, scenario)
    }
    await driver().purgeUploads({ olderThan: new Date(Date.now() + 60_000) })
    expect([bucket.keys(), bucket.uploads()]).toEqual([scenario.after, []])
  } finally {
    cloud.s3.faults.clear()
    bucket.clear()
    for (const used of drivers) await used[Symbol.asyncDispose]()
  }
}

const visible = (bucket: BucketView): string[] => bucket.keys().filter(key => !key.startsWith('~'))

async function expectOnlyWhole(bucket: BucketView, { contents, never }: Scenario): Promise<void> {
  const keys = visible(bucket)
  for (const key of keys) {
    const expected = contents[key]
    expect([key, expected !== undefined && (await bucket.read(key))?.equals(expected)]).toEqual([key, true])
  }
  if (never) expect(keys).toEqual(expect.arrayContaining([expect.stringMatching(`^(${never.join('|')})$`)]))
}

async function expectDone(bucket: BucketView, scenario: Scenario): Promise<void> {
  expect(visible(bucket)).toEqual(scenario.after)
  await expectOnlyWhole(bucket, scenario)
}

describe('when a request, whichever it is,', () => {
  for (const [what, fault] of Object.entries(faults)) {
    // One that hangs once is what the first try of one that always hangs is.
    for (const times of fault.kind === 'delay' ? (['always'] as const) : (['once', 'always'] as const)) {
      it(`${what} ${times}, everything ends whole or not at all and can be repeated`, async () => {
        const names = Object.keys(scenarios)
        const counts = await Promise.all(names.map(name => failEach(name, fault, times)))
        if (fault.kind === 'error-in-200') expect(counts.filter(count => count > 0)).toHaveLength(6)
        else for (const [index, name] of names.entries()) expect([name, counts[index]]).not.toEqual([name, 0])
      })
    }
  }
})
