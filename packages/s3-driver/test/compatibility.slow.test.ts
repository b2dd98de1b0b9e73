import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type FaultRule, type LocalS3, everyNth, matching } from '@longshore/local-cloud'
import type { StorageDriver } from '@longshore/middleware-core'
import { allCapabilities, type DriverTestOptions, testDriver } from '@longshore/middleware-core/testing'
import { type LocalCloud, type S3DriverOptions, driverOn, startLocalCloud } from './cloud.ts'
import { smallPartDriver } from './small-parts.ts'

/** Small, so that the suite's many uploads in parts cost little; still more than what takes no part in the memory budget. */
const part = 100_000

/** Uploads in parts; most other tests of the suite write less than a part, so that everything is done whole, too. */
const breadth: Omit<DriverTestOptions, 'name' | 'create'> = {
  chunkSizes: [part + 1],
  largeFile: 5 * part + 1,
  manyFiles: 20,
  capabilities: allCapabilities,
  fetch,
  fuzz: { seeds: [5], operations: 40, sizes: [0, 1, 100, part + 1] },
}

let cloud: LocalCloud

beforeAll(async () => {
  cloud = await startLocalCloud()
})
beforeEach(() => {
  cloud.s3.quirks.minPartBytes = part
})
afterEach(() => {
  cloud.s3.resetQuirks()
  cloud.s3.faults.clear()
})
afterAll(() => cloud.close())

/** Requests of others come between the tries of one, so more of these may fail in a row than the share of failures suggests. */
const manyAttempts = { maxAttempts: 10 }

function driver(options: Partial<S3DriverOptions> = {}): StorageDriver {
  return smallPartDriver(cloud, part, options)
}

describe('on a server that', () => {
  const completions = { operation: 'CompleteMultipartUpload' }
  interface Server {
    quirks?: Partial<LocalS3['quirks']>
    fault?: () => FaultRule
    options?: Partial<S3DriverOptions>
  }
  const servers: Record<string, Server> = {
    'takes only equal parts (R2)': { quirks: { equalParts: true }, options: { partSizing: 'equal' } },
    'has no batch deletion (GCS) and lists no uploads': {
      quirks: { noDeleteObjects: true, noListMultipartUploads: true },
    },
    'copies nothing in one request, and refuses batch deletion as a whole (Ceph 16 with encryption and a policy)': {
      fault:
        () =>
        ({ operation }) => {
          if (operation === 'CopyObject') return { kind: 'error', status: 501, code: 'NotImplemented' }
          return operation === 'DeleteObjects' ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined
        },
    },
    'lists uploads by exact key, and forgets completed ones whose answer it then loses (MinIO)': {
      quirks: { uploadsByExactKey: true, forgetsCompletedUploads: true },
      fault: () => matching(completions, everyNth(2, { kind: 'reset', when: 'after' })),
      options: manyAttempts,
    },
    'says of every list that there is more': { quirks: { alwaysTruncated: true } },
    'answers every second completion with 200 and an error in it': {
      fault: () => matching(completions, everyNth(2, { kind: 'error-in-200' })),
      options: manyAttempts,
    },
  }
  for (const [name, { quirks, fault, options }] of Object.entries(servers)) {
    describe(name, () => {
      beforeEach(() => {
        Object.assign(cloud.s3.quirks, quirks)
        if (fault) cloud.s3.faults.add(fault())
      })
      testDriver({ describe, it }, { name: 'the driver', create: () => driver(options), exclusive: true, ...breadth })
    })
  }
})

describe('all of the suite passes', () => {
  /** The driver waits before it tries again, so some tests run at once. Returns how many passed, and the failures. */
  async function runSuite(atOnce: number): Promise<{ passed: number; failures: string[] }> {
    const tests: { name: string; run: () => Promise<void> }[] = []
    const runner = {
      describe: (_: string, define: () => void) => define(),
      it: (name: string, run: () => Promise<void>) => tests.push({ name, run }),
    }
    // Whoever fetches a signed URL has no more than one try.
    const create = (): StorageDriver => driver(manyAttempts)
    testDriver(runner, { name: 'the driver', create, ...breadth, fetch: undefined })
    const failures: string[] = []
    let passed = 0
    const worker = async (): Promise<void> => {
      for (let test = tests.shift(); test; test = tests.shift()) {
        const { name, run } = test
        await run().then(
          () => passed++,
          (error: unknown) => failures.push(`${name}: ${String(error)}`),
        )
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    return { passed, failures }
  }

  it('where one request in ten is refused with 503 SlowDown', async () => {
    cloud.s3.faults.add(everyNth(10, { kind: 'error' }))
    const { passed, failures } = await runSuite(64)
    expect(failures).toEqual([])
    expect(passed).toBeGreaterThan(150)
  })

  it('where connections are reset, before requests take effect and after', async () => {
    // A second creation leaves an upload that only a purge finds, and the suite wants nothing left: commit.slow.test.ts has it.
    const created = matching({ operation: 'CreateMultipartUpload' }, everyNth(13, { kind: 'reset', when: 'before' }))
    const before = everyNth(13, { kind: 'reset', when: 'before' })
    const after = everyNth(17, { kind: 'reset', when: 'after' })
    cloud.s3.faults.add(request =>
      request.operation === 'CreateMultipartUpload' ? created(request) : (before(request) ?? after(request)),
    )
    const { passed, failures } = await runSuite(4)
    expect(failures).toEqual([])
    expect(passed).toBeGreaterThan(150)
  })
})

// What was put cannot be listed at once there, so the suite's promises about directories do not hold. Uploads: commit.slow.test.ts.
describe('on a server whose lists are late', () => {
  it('everything about a file itself holds', async () => {
    await using late = await startLocalCloud()
    await using storage = driverOn(late)
    late.s3.quirks.staleLists = { writes: 1000 }
    await storage.putContent('/a/b', 'content')
    expect(await storage.list('/')).toEqual([])
    expect(await storage.stat('/a/b')).toMatchObject({ size: 7, isDirectory: false })
    await storage.move('/a/b', '/a/c')
    expect(Buffer.from(await storage.getContent('/a/c')).toString()).toBe('content')
    await expect(storage.stat('/a/b')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await storage.delete('/a/c')
    await expect(storage.getContent('/a/c')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  it('files that are gone but still listed are deleted again without a complaint', async () => {
    await using late = await startLocalCloud()
    await using storage = driverOn(late)
    for (const name of ['1', '2']) await storage.putContent(`/d/${name}`, 'x')
    late.s3.quirks.staleLists = { writes: 2 }
    await storage.delete('/d/1')
    await storage.delete('/d/2')
    expect(await storage.list('/d')).toEqual(['/d/1', '/d/2'])
    await storage.delete('/d')
    expect(late.s3.bucket(late.bucket).keys()).toEqual([])
  })
})
