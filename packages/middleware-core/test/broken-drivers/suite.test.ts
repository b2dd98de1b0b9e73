import { describe, expect, it } from '@jest/globals'
import type { FileInfo } from '../../src/contract/index.ts'
import { type Flaw, changedUploads, failuresOf, resultsOf } from './broken-driver.ts'

/** Sizes are remembered, and a move forgets only that of its source. */
function staleSizes(): Flaw {
  const known = new Map<string, FileInfo>()
  return {
    driver: driver => ({
      stat: async (path, options) => {
        const info = await driver.stat(path, options)
        if (!known.has(path)) known.set(path, info)
        return known.get(path) ?? info
      },
      move: async (source, destination, options) => {
        await driver.move(source, destination, options)
        known.delete(source)
      },
      putContent: (path, content, options) => {
        known.delete(path)
        return driver.putContent(path, content, options)
      },
      writer: (path, options) => {
        known.delete(path)
        return driver.writer(path, options)
      },
    }),
  }
}

const fuzzing = 'random operations'

async function reports(): Promise<string[]> {
  const results = await resultsOf({ ...staleSizes(), options: { fuzz: { operations: 200 } } }, fuzzing)
  return results.flatMap(result => (result.status !== 'failed' ? [] : [(result.error as Error).message]))
}

describe('the suite', () => {
  it('passes a driver without a defect, and leaves nothing in it', async () => {
    const results = await resultsOf({ options: { exclusive: true, fuzz: {} } })
    expect(results.filter(result => result.status === 'failed')).toEqual([])
    expect(results.length).toBeGreaterThan(150)
  })

  it('tries signed URLs when it is told how to fetch them', async () => {
    const contents = new Map<string, Uint8Array>()
    const failures = await failuresOf({
      storage: storage => ({
        putContent: async (path, content, options) => {
          contents.set(path, Buffer.from(content))
          return storage.putContent(path, content, options)
        },
        urlFor: async path => ({
          url: `https://example.org${path}`,
          expiresAt: new Date(Date.now() + 60_000),
          via: 'test',
        }),
      }),
      capabilities: { urls: true },
      options: {
        fetch: async (url, { method }) => {
          const content = Buffer.from(contents.get(new URL(url).pathname) ?? '')
          const headers = { 'content-length': String(content.length) }
          return new Response(method === 'HEAD' ? null : content, { headers })
        },
      },
    })
    expect(failures).toEqual([])
  })

  it('fails when a test leaves something in a storage that must be empty', async () => {
    const failures = await failuresOf({
      storage: storage => ({
        delete: async (path, options) => {
          await storage.delete(path, options)
          await storage.putContent('/left', 'over' as never, options)
        },
      }),
      options: { exclusive: true },
    })
    expect(failures).toContain('content > gives back one byte')
  })

  it('says why a test failed, not that its clean-up failed as well', async () => {
    const results = await resultsOf({
      storage: storage => ({
        getContent: async () => Buffer.from('wrong'),
        purgeUploads: async () => {
          throw new Error('the clean-up failed')
        },
        delete: storage.delete.bind(storage),
      }),
    })
    const failed = results.find(({ name }) => name === 'content > gives back one byte')
    expect(String(failed?.error)).toContain('5 bytes instead of 1; the first difference is at 0')
  })
})

describe('the fuzzer', () => {
  it('catches what no other test catches', async () => {
    expect(await failuresOf(staleSizes())).toEqual([])
    const failures = await failuresOf({ ...staleSizes(), options: { fuzz: { operations: 200 } } })
    expect(failures.length).toBeGreaterThan(0)
    expect(failures.every(name => name.startsWith('random operations > seed '))).toBe(true)
  })

  it('reports the seed, the difference and the few operations that show it', async () => {
    const results = await resultsOf({ ...staleSizes(), options: { fuzz: { operations: 200 } } }, fuzzing)
    const { error } = results.find(result => result.status === 'failed') as { error: Error }
    const [difference, ...operations] = error.message.split('\n')
    expect(difference).toMatch(/^seed \d: the last of these operations gives \{.*"size":\d+.*\} instead of \{.*\}$/)
    expect(operations.length).toBeLessThanOrEqual(6)
    expect(operations.at(-2)).toMatch(/^ {2}\d\. move: source "/)
    expect(operations.at(-1)).toMatch(/^ {2}\d\. stat: path "/)
  })

  it.each<[string, NonNullable<Flaw['storage']>]>([
    ['destinations', storage => ({ writer: (path, { append }) => storage.writer(path, { append }) })],
    ['revisions of uploads', storage => changedUploads(storage, () => ({ revision: 'of any bytes' }))],
    ['files only', storage => ({ delete: path => storage.delete(path, {}) })],
  ])('meets %s', async (_, storage) => {
    expect(await failuresOf({ storage, options: { fuzz: {} } }, fuzzing)).not.toEqual([])
  })

  it('does the same with the same seed', async () => {
    const first = await reports()
    expect(first).not.toEqual([])
    expect(await reports()).toEqual(first)
  })
})
