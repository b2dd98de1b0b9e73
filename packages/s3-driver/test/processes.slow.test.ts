import { beforeAll, describe, expect, it } from '@jest/globals'
import { build, run, start } from './child.ts'
import { part, until, useFixture } from './cloud.ts'

const bench = useFixture()

beforeAll(build)

/** What the children write. */
function bytes(size: number): Buffer {
  const all = Buffer.alloc(size)
  for (let index = 0; index < size; index++) all[index] = Math.floor(((index * 2654435761) % 2 ** 32) / 2 ** 24)
  return all
}

async function expectContent(key: string, size: number): Promise<void> {
  expect((await bench.bucket.read(key))?.equals(bytes(size))).toBe(true)
  expect(bench.bucket.keys()).toEqual([key])
  expect(bench.bucket.uploads()).toEqual([])
}

describe('an upload through several processes', () => {
  it('has the right bytes when one closes it and another commits it', async () => {
    expect(await run(bench.cloud, 'upload', '/a', [2 * part + 77, 'close'])).toBe('0')
    expect(await run(bench.cloud, 'upload', '/a', [3 * part, 'commit'])).toBe(String(2 * part + 77))
    await expectContent('a', 3 * part)
  })

  it('goes on from the size that its writer reports when the first was killed', async () => {
    const killed = start(bench.cloud, 'upload', '/a', [3 * part + 5, 'hang'])
    // Parts go up side by side: what counts are those without a gap before them.
    const parts = (): number[] => bench.bucket.uploads()[0]?.parts.map(({ number }) => number) ?? []
    await until(() => parts().includes(1) && parts().includes(2) && bench.bucket.keys().length === 1)
    killed.process.kill('SIGKILL')
    await killed.line
    const size = Number(await run(bench.cloud, 'upload', '/a', [4 * part, 'commit']))
    expect(size).toBeGreaterThanOrEqual(part)
    expect(size % part).toBe(0)
    await expectContent('a', 4 * part)
  })
})

describe('a server that is not there', () => {
  it('is UNAVAILABLE', async () => {
    const nowhere = { regionEndpoint: 'http://127.0.0.1:1', maxAttempts: 1 }
    expect(await run(bench.cloud, 'stat', '/a', [], nowhere)).toBe('UNAVAILABLE')
  })
})
