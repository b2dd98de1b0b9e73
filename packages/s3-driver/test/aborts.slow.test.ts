import { once } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import type { Fault, FaultRule } from '@longshore/local-cloud'
import { type S3Driver, content, failure, part, until, useFixture, write } from './cloud.ts'

const bench = useFixture()
const whole = content(2 * part + 5)
const small = content(100, 2)
const copies = { multipartCopyThresholdSize: part, multipartCopyChunkSize: part, multipartCopyMaxConcurrency: 2 }

interface Operation {
  readonly before?: Record<string, Buffer>
  /** Whatever happens, what is visible has these contents. */
  readonly contents?: Record<string, Buffer>
  /** Its last request only cleans up: it has succeeded when that is cut off. */
  readonly endsWithCleanUp?: boolean
  /** What the signal is not for. */
  begin?(driver: S3Driver): Promise<void>
  run(driver: S3Driver, signal: AbortSignal): Promise<unknown>
}

async function drain(entries: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of entries);
}

async function closeUpload(driver: S3Driver): Promise<void> {
  const writer = await driver.writer('/a')
  await write(writer, whole.subarray(0, part + 100))
  await writer.close()
}

const operations: Record<string, Operation> = {
  getContent: { before: { a: small }, run: (driver, signal) => driver.getContent('/a', { signal }) },
  putContent: { contents: { a: small }, run: (driver, signal) => driver.putContent('/a', small, { signal }) },
  reader: { before: { a: small }, run: async (driver, signal) => drain(await driver.reader('/a', { signal })) },
  'a writer': {
    contents: { a: whole },
    endsWithCleanUp: true,
    async run(driver, signal) {
      const writer = await driver.writer('/a', { signal })
      await write(writer, whole)
      await writer.commit({ signal })
    },
  },
  'a writer that is closed': {
    async run(driver, signal) {
      const writer = await driver.writer('/a', { signal })
      await write(writer, whole)
      await writer.close()
    },
  },
  commit: {
    contents: { a: whole },
    endsWithCleanUp: true,
    async run(driver, signal) {
      const writer = await driver.writer('/a')
      await write(writer, whole)
      await writer.commit({ signal })
    },
  },
  'commit elsewhere': {
    contents: { a: whole, b: whole },
    endsWithCleanUp: true,
    async run(driver, signal) {
      const writer = await driver.writer('/a', { destination: '/b' })
      await write(writer, whole)
      await writer.commit({ signal })
    },
  },
  'an appending writer': {
    contents: { a: whole },
    endsWithCleanUp: true,
    begin: closeUpload,
    async run(driver, signal) {
      const writer = await driver.writer('/a', { append: true, signal })
      await write(writer, whole.subarray(writer.size))
      await writer.commit({ signal })
    },
  },
  putStream: {
    contents: { a: whole },
    endsWithCleanUp: true,
    run: (driver, signal) => driver.putStream('/a', Readable.from([whole]), { signal }),
  },
  stat: { before: { 'a/b': small }, run: (driver, signal) => driver.stat('/a', { signal }) },
  list: { before: { 'a/b': small }, run: (driver, signal) => driver.list('/a', { signal }) },
  walk: { before: { 'a/b': small }, run: (driver, signal) => drain(driver.walk('/', { signal })) },
  move: {
    before: { a: small },
    contents: { a: small, b: small },
    run: (driver, signal) => driver.move('/a', '/b', { signal }),
  },
  'move in parts': {
    before: { a: whole },
    contents: { a: whole, b: whole },
    run: (driver, signal) => driver.move('/a', '/b', { signal }),
  },
  delete: {
    before: { d: small, 'd/1': small, 'd/2/3': small },
    run: (driver, signal) => driver.delete('/d', { signal }),
  },
  purgeUploads: {
    begin: closeUpload,
    run: (driver, signal) => driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000), signal }),
  },
}

const moments: Record<string, Fault | undefined> = {
  'while it and all that follow hang': { kind: 'delay', milliseconds: 60_000, when: 'before' },
  'while its answer and all that follow hang': { kind: 'delay', milliseconds: 60_000, when: 'after' },
  'while it goes on': undefined,
}

async function abortAt(n: number, operation: Operation, fault: Fault | undefined): Promise<boolean> {
  const { before = {}, contents = before } = operation
  for (const [key, bytes] of Object.entries(before)) await bench.bucket.put(key, bytes)
  await operation.begin?.(bench.driver)
  const controller = new AbortController()
  const reason = new Error('the client left')
  let seen = 0
  let abortedAt: number | undefined
  const rule: FaultRule = () => {
    if (++seen < n) return undefined
    abortedAt ??= performance.now()
    controller.abort(reason)
    return fault
  }
  bench.cloud.s3.faults.add(rule)
  const outcome: unknown = await operation.run(bench.another(copies), controller.signal).then(
    () => 'done',
    (error: unknown) => error,
  )
  const isHit = seen >= n
  const mayBeDone = !isHit || !fault || operation.endsWithCleanUp
  if (!(mayBeDone && outcome === 'done')) expect(outcome).toBe(reason)
  // No request is left hanging. (The server does not notice that of a client whose body it has not begun to read.)
  const unread = fault?.kind === 'delay' && fault.when === 'before' ? ['PutObject', 'UploadPart'] : []
  const isOpen = ({ operation, milliseconds }: { operation: string; milliseconds: number | undefined }): boolean =>
    milliseconds === undefined && !unread.includes(operation)
  await until(() => !bench.cloud.s3.requests.records.some(isOpen))
  // The driver's own timers are half a second long. The rest is for a busy machine; what hangs would do so for a minute.
  expect(performance.now() - (abortedAt ?? performance.now())).toBeLessThan(40_000)
  bench.cloud.s3.faults.clear()
  const visible = bench.bucket.keys().filter(key => !key.startsWith('~'))
  for (const key of visible) expect([key, (await bench.bucket.read(key))?.equals(contents[key]!)]).toEqual([key, true])
  // A request that was cut off may still be taking effect: what it leaves goes with the next purge.
  await until(async () => {
    await bench.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })
    return bench.bucket.keys('~').length + bench.bucket.uploads().length === 0
  })
  bench.bucket.clear()
  bench.cloud.s3.requests.reset()
  return isHit
}

describe('a signal that is aborted at any request', () => {
  for (const [name, operation] of Object.entries(operations)) {
    for (const [when, fault] of Object.entries(moments)) {
      it(`of ${name}, ${when}, ends it with the signal's reason`, async () => {
        let n = 1
        while (await abortAt(n, operation, fault)) n++
        expect(n).toBeGreaterThan(1)
      })
    }
  }
})

describe('a reader', () => {
  it('ends with the reason of its signal in the middle of the content', async () => {
    await bench.bucket.put('a', content(4 * part))
    const controller = new AbortController()
    const reason = new Error('the client left')
    const reading = async (): Promise<void> => {
      for await (const _ of await bench.driver.reader('/a', { signal: controller.signal })) controller.abort(reason)
    }
    expect(await failure(reading())).toBe(reason)
  })

  it('that is destroyed early gives its socket back, 10,000 times', async () => {
    await bench.bucket.put('a', content(400_000))
    const sockets = (): number => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length
    const atATime = 8
    const before = sockets()
    let left = 10_000
    let most = 0
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const reader = await bench.driver.reader('/a')
        if (left % 2 === 0) {
          reader.resume()
          await once(reader, 'data')
        }
        reader.destroy()
        if (left % 100 === 0) most = Math.max(most, sockets())
      }
    }
    await Promise.all(Array.from({ length: atATime }, worker))
    // Both ends are in this process.
    await until(() => sockets() <= before + 2 * atATime)
    expect(most).toBeLessThan(before + 200)
  })
})
