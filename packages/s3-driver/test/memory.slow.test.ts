import { beforeAll, describe, expect, it } from '@jest/globals'
import { build, run } from './child.ts'
import { mebibyte, useFixture } from './cloud.ts'

const bench = useFixture()

beforeAll(build)

describe('a file of 1 GiB', () => {
  it('goes through a writer with less than 100 MiB of memory', async () => {
    const growth = Number(await run(bench.cloud, 'stream', '/large', [1024 * mebibyte], { chunkSize: 10 * mebibyte }))
    expect(bench.bucket.info('large')?.size).toBe(1024 * mebibyte)
    expect(growth).toBeLessThan(100 * mebibyte)
  })
})
