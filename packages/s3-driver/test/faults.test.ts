import { describe, expect, it } from '@jest/globals'
import { type Fault, nth } from '@longshore/local-cloud'
import { StorageError } from '@longshore/middleware-core'
import { content, part, useBench, write } from './cloud.ts'

const bench = useBench()
const bytes = content(2 * part + 5)

const faults: Record<string, Fault> = {
  'is refused with 503': { kind: 'error' },
  'breaks before it takes effect': { kind: 'reset', when: 'before' },
  'breaks after it took effect': { kind: 'reset', when: 'after' },
}

/** Create, three parts, the record, complete, and the record's removal. */
const requests = 7

describe('a push of three parts whose request', () => {
  for (const [what, fault] of Object.entries(faults)) {
    it(`${what}, whichever it is, ends whole or not at all, and can be repeated`, async () => {
      for (let number = 1; number <= requests; number++) {
        bench.cloud.s3.faults.add(nth(number, fault))
        const driver = bench.another({ maxAttempts: 1 })
        const upload = async (): Promise<void> => {
          const writer = await driver.writer('/a')
          await write(writer, bytes)
          await writer.commit()
        }
        const error: unknown = await upload().catch((reason: unknown) => reason)
        bench.cloud.s3.faults.clear()
        if (error !== undefined) expect(error).toBeInstanceOf(StorageError)
        const visible = await bench.bucket.read('a')
        expect([number, visible === undefined ? error !== undefined : visible.equals(bytes)]).toEqual([number, true])
        if (error !== undefined) await upload()
        expect((await bench.bucket.read('a'))?.equals(bytes)).toBe(true)
        await driver.sweep({ olderThan: new Date(Date.now() + 60_000) })
        expect([number, bench.bucket.keys(), bench.bucket.uploads()]).toEqual([number, ['a'], []])
        bench.bucket.clear()
      }
    })
  }
})
