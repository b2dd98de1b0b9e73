import { describe, expect, it } from '@jest/globals'
import { type FaultRule, always, nth } from '@longshore/local-cloud'
import { content, part, useFixture, write } from './cloud.ts'

const bench = useFixture()

/** Delays an operation's requests a little, and tells how many of them were under way at once at most. */
function watch(operation: string): { readonly most: number } {
  let most = 0
  const rule: FaultRule = request => {
    if (request.operation !== operation) return undefined
    const { records } = bench.cloud.s3.requests
    const underWay = records.filter(record => record.operation === operation && record.milliseconds === undefined)
    most = Math.max(most, underWay.length)
    return { kind: 'delay', milliseconds: 30 }
  }
  bench.cloud.s3.faults.add(rule)
  return {
    get most() {
      return most
    },
  }
}

describe('uploadconcurrency', () => {
  for (const uploadConcurrency of [1, 2]) {
    it(`of ${uploadConcurrency} is how many parts go up at once`, async () => {
      const parts = watch('UploadPart')
      const writer = await bench.another({ uploadConcurrency }).writer('/a')
      await write(writer, content(5 * part))
      await writer.commit()
      expect(parts.most).toBe(uploadConcurrency)
    })
  }
})

describe('multipartcopymaxconcurrency', () => {
  for (const multipartCopyMaxConcurrency of [1, 3]) {
    it(`of ${multipartCopyMaxConcurrency} is how many parts are copied at once`, async () => {
      await bench.bucket.put('a', content(6 * part))
      const copies = watch('UploadPartCopy')
      const sizes = { multipartCopyThresholdSize: part, multipartCopyChunkSize: part }
      await bench.another({ ...sizes, multipartCopyMaxConcurrency }).move('/a', '/b')
      expect(copies.most).toBe(multipartCopyMaxConcurrency)
    })
  }
})

describe('maxattempts', () => {
  it('is how often a request is tried in all', async () => {
    bench.cloud.s3.faults.add(always({ kind: 'error', status: 500, code: 'InternalError' }))
    for (const maxAttempts of [1, 3]) {
      bench.cloud.s3.requests.reset()
      const driver = bench.another({ maxAttempts })
      await expect(driver.putContent('/a', 'x')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      expect(bench.cloud.s3.requests.count()).toBe(maxAttempts)
    }
  })
})

describe('retrymode', () => {
  // The SDK says in its user agent which features it uses: E is the standard mode, F the adaptive one.
  const modes = [
    ['standard', /\bm\/(\w+,)*E(,|\s|$)/],
    ['adaptive', /\bm\/(\w+,)*F(,|\s|$)/],
  ] as const
  for (const [retryMode, feature] of modes) {
    it(`${retryMode} is the mode of the SDK's retries`, async () => {
      bench.cloud.s3.faults.add(nth(1, { kind: 'error' }))
      await bench.another({ retryMode }).putContent('/a', 'x')
      expect(bench.cloud.s3.requests.records.map(({ status }) => status)).toEqual([503, 200])
      expect(bench.cloud.s3.requests.records[0]?.headers['user-agent']).toMatch(feature)
    })
  }
})
