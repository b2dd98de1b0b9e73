import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it, jest } from '@jest/globals'
import { always, matching, nth } from '@longshore/local-cloud'
import { countConnections } from './connection-counter.ts'
import { content, failure, part, until, useFixture } from './cloud.ts'

const bench = useFixture()

describe('moving', () => {
  const inParts = { multipartCopyThresholdSize: part, multipartCopyChunkSize: part, multipartCopyMaxConcurrency: 2 }
  const bytes = content(2 * part + 1)

  it('copies a large object in parts, and cleans up', async () => {
    await bench.bucket.put('a', bytes)
    await bench.another(inParts).move('/a', '/b')
    expect((await bench.bucket.read('b'))?.equals(bytes)).toBe(true)
    expect(bench.bucket.keys()).toEqual(['b'])
    expect(bench.cloud.s3.requests.counts()).toMatchObject({ UploadPartCopy: 3, HeadObject: 1 })
  })

  it('copies a large object whole where a server may do so by reference', async () => {
    await bench.bucket.put('a', Buffer.alloc(33 * 1024 * 1024))
    await bench.driver.move('/a', '/b')
    expect(bench.cloud.s3.requests.counts()).toEqual({ HeadObject: 1, CopyObject: 1, DeleteObject: 1 })
  })

  it('loses nothing when the size it is told is wrong', async () => {
    for (const size of [0, part + 1, 9 * part]) {
      await bench.bucket.put('a', bytes)
      await bench.another(inParts).move('/a', '/b', { size })
      expect((await bench.bucket.read('b'))?.equals(bytes)).toBe(true)
      expect(bench.bucket.keys()).toEqual(['b'])
    }
  })

  it('copies whole what would be one part: ranges need a source of more than 5 MB', async () => {
    await bench.bucket.put('a', 'small')
    await bench.another({ multipartCopyThresholdSize: 0 }).move('/a', '/b')
    expect(bench.cloud.s3.requests.counts()).toEqual({ HeadObject: 1, CopyObject: 1, DeleteObject: 1 })
  })

  it('leaves source, destination and no upload behind when a part fails', async () => {
    await bench.bucket.put('a', bytes)
    await bench.bucket.put('b', 'before')
    bench.cloud.s3.faults.add(
      matching({ operation: 'UploadPartCopy' }, nth(2, { kind: 'error', status: 403, code: 'AccessDenied' })),
    )
    await expect(bench.another(inParts).move('/a', '/b')).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    expect(bench.bucket.uploads()).toEqual([])
    expect((await bench.bucket.read('a'))?.equals(bytes)).toBe(true)
    expect((await bench.bucket.read('b'))?.toString()).toBe('before')
  })

  it.each(['whole', 'in parts'])('moves only the revision that it is asked for, %s', async way => {
    const driver = bench.another(way === 'whole' ? {} : inParts)
    await driver.putContent('/a', bytes)
    const { revision } = await driver.stat('/a')
    await driver.putContent('/a', content(2 * part + 2))
    await driver.putContent('/b', 'before')
    for (const size of [undefined, part, 2 * part + 1]) {
      await expect(driver.move('/a', '/b', { ifRevision: revision, size })).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
        path: '/a',
      })
    }
    expect(await driver.stat('/a')).toMatchObject({ size: 2 * part + 2 })
    expect((await bench.bucket.read('b'))?.toString()).toBe('before')
    await driver.move('/a', '/b', { ifRevision: (await driver.stat('/a')).revision })
    expect(bench.bucket.keys()).toEqual(['b'])
    expect((await bench.bucket.read('b'))?.equals(content(2 * part + 2))).toBe(true)
    expect(bench.bucket.uploads()).toEqual([])
  })

  it('moves an empty file, and prints nothing, where nothing is copied in one request', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    bench.cloud.s3.faults.add(
      matching({ operation: 'CopyObject' }, always({ kind: 'error', status: 501, code: 'NotImplemented' })),
    )
    await bench.driver.putContent('/a', '')
    await bench.driver.move('/a', '/b')
    expect(bench.bucket.keys()).toEqual(['b'])
    expect(bench.bucket.info('b')?.size).toBe(0)
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })

  it('takes 200 with an error in it for the failure that it is', async () => {
    await bench.bucket.put('a', 'content')
    bench.cloud.s3.faults.add(matching({ operation: 'CopyObject' }, always({ kind: 'error-in-200' })))
    await expect(bench.another({ maxAttempts: 1 }).move('/a', '/b')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(bench.bucket.keys()).toEqual(['a'])
  })

  it('finds its source where the root directory needs encoding', async () => {
    const driver = bench.another({ rootDirectory: 'a b/ü+%/' })
    await driver.putContent('/x', 'content')
    await driver.move('/x', '/y')
    expect(bench.bucket.keys()).toEqual(['a b/ü+%/y'])
  })
})

describe('reading', () => {
  const bytes = content(part)

  it('goes on where a connection broke', async () => {
    await bench.bucket.put('a', bytes)
    bench.cloud.s3.faults.add(matching({ operation: 'GetObject' }, nth(1, { kind: 'cut', bytes: 1_000_000 })))
    bench.cloud.s3.faults.add(matching({ operation: 'GetObject' }, nth(1, { kind: 'cut', bytes: 2_000_000 })))
    const read = Buffer.concat(await (await bench.driver.reader('/a', { offset: 3 })).toArray())
    expect(read.equals(bytes.subarray(3))).toBe(true)
    expect(bench.cloud.s3.requests.count('GetObject')).toBe(3)
  })

  it('of a whole content goes on, too', async () => {
    await bench.bucket.put('a', bytes)
    bench.cloud.s3.faults.add(matching({ operation: 'GetObject' }, nth(1, { kind: 'cut', bytes: 1000 })))
    expect(bytes.equals(await bench.driver.getContent('/a'))).toBe(true)
  })

  it('never joins two versions of an object', async () => {
    await bench.bucket.put('a', bytes)
    let [reads, isReplaced] = [0, false]
    bench.cloud.s3.faults.add(({ operation }) => {
      if (operation !== 'GetObject') return undefined
      reads += 1
      if (reads === 1) return { kind: 'cut', bytes: 1000 }
      // The driver may read on before the object is replaced here.
      return isReplaced ? undefined : { kind: 'reset', when: 'before' }
    })
    const reader = await bench.driver.reader('/a', { offset: 5 })
    await bench.bucket.put('a', content(part, 2))
    isReplaced = true
    await expect(reader.toArray()).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
  })

  it('gives up as UNAVAILABLE when nothing comes any more', async () => {
    await bench.bucket.put('a', bytes)
    bench.cloud.s3.faults.add(matching({ operation: 'GetObject' }, always({ kind: 'cut', bytes: 0 })))
    const reading = bench.driver.reader('/a').then(reader => reader.toArray())
    await expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  for (const checksums of [false, true]) {
    it(`gives the socket back when it ends before it began, checksums ${checksums ? 'on' : 'off'}`, async () => {
      await using proxy = await countConnections(bench.cloud)
      const driver = bench.another({ regionEndpoint: proxy.endpoint, checksums })
      await driver.putContent('/a', bytes)
      for (let index = 0; index < 20; index++) (await driver.reader('/a')).destroy()
      await until(() => proxy.open <= 1)
      expect((await driver.getContent('/a')).length).toBe(bytes.length)
      await driver[Symbol.asyncDispose]()
    })
  }

  it('takes an object whose checksum matches', async () => {
    await bench.another({ checksums: true }).putContent('/a', 'content')
    await expect(bench.another({ checksums: true }).getContent('/a')).resolves.toHaveLength(7)
  })
})

describe('putStream', () => {
  const chunks = Array.from({ length: 12 }, (_, index) => content(1_000_000, index + 1))

  it('stores a stream of unknown length and tells its progress', async () => {
    const progress: number[] = []
    await bench.driver.putStream('/a', Readable.from(chunks), { onProgress: loaded => progress.push(loaded) })
    expect((await bench.bucket.read('a'))?.equals(Buffer.concat(chunks))).toBe(true)
    expect(progress.at(-1)).toBe(12_000_000)
    expect(progress.length).toBeGreaterThan(1)
    expect(bench.bucket.keys()).toEqual(['a'])
  })

  it('takes anything that yields bytes', async () => {
    async function* generated(): AsyncGenerator<Uint8Array> {
      yield* chunks.slice(0, 2)
    }
    await bench.driver.putStream('/a', generated())
    expect(bench.bucket.info('a')?.size).toBe(2_000_000)
  })

  it('leaves nothing when its source fails', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* chunks
      throw new Error('the source broke')
    }
    await expect(bench.driver.putStream('/a', failing())).rejects.toThrow('the source broke')
    expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
  })

  it('that is to replace a file which is not there fails by its condition', async () => {
    const stored = bench.driver.putStream('/gone', Readable.from(['x']), {
      ifRevision: '"0123456789abcdef0123456789abcdef"',
    })
    await expect(stored).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', path: '/gone' })
    expect(bench.bucket.keys().filter(key => !key.startsWith('~'))).toEqual([])
  })

  it('that was interrupted is continued by nobody, and purged', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* chunks
      await until(() => (bench.bucket.uploads()[0]?.parts.length ?? 0) > 0)
      throw new Error('the source broke')
    }
    // A process that ends discards nothing.
    bench.cloud.s3.faults.add(
      matching({ method: 'DELETE' }, always({ kind: 'error', status: 403, code: 'AccessDenied' })),
    )
    await expect(bench.driver.putStream('/a', failing())).rejects.toThrow('the source broke')
    bench.cloud.s3.faults.clear()
    expect(bench.bucket.uploads()).toHaveLength(1)
    await expect(bench.driver.writer('/a', { append: true })).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await bench.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })
    expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
  })

  it('hears of a source that fails before it is read', async () => {
    const source = new PassThrough()
    // In a callback of its own, the stream tells of its failure before anything else goes on.
    const told = await new Promise(resolve => {
      setImmediate(() => {
        resolve(failure(bench.driver.putStream('/a', source)))
        source.destroy(new Error('the source broke'))
      })
    })
    expect(told).toMatchObject({ message: expect.stringContaining('the source broke') })
    expect([bench.bucket.keys(), bench.bucket.uploads()]).toEqual([[], []])
  })

  it('leaves nothing when it is aborted, and rejects with the reason', async () => {
    bench.cloud.s3.faults.add(matching({ operation: 'UploadPart' }, always({ kind: 'delay', milliseconds: 60_000 })))
    const controller = new AbortController()
    const storing = failure(bench.driver.putStream('/a', Readable.from(chunks), { signal: controller.signal }))
    await until(() => bench.cloud.s3.requests.count('UploadPart') > 0)
    const reason = new Error('the client left')
    controller.abort(reason)
    expect(await storing).toBe(reason)
    await until(() => bench.bucket.uploads().length === 0)
    expect(bench.bucket.keys()).toEqual([])
  })
})

describe('foreign objects', () => {
  it('whose keys are no paths, directory markers included, never surface', async () => {
    const keys = ['d/', 'd/a', 'd/b\u0001c', 'd//e', 'd/f/', 'd/./g', '~uploads/x', '~temporary/y', 'm/', 'top\tlevel']
    for (const key of keys) await bench.bucket.put(key, 'x')
    const walked: string[] = []
    for await (const { path } of bench.driver.walk('/')) walked.push(path)
    expect(walked).toEqual(['/d', '/d/a'])
    await expect(bench.driver.stat('/m')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    expect(await bench.driver.list('/d')).toEqual(['/d/a'])
  })
})
