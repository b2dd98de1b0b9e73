import { describe, expect, it } from '@jest/globals'
import type { WalkOptions } from '@longshore/middleware-core'
import { content, part, useFixture, write } from './cloud.ts'

const bench = useFixture()

/** The requests that `call` takes, by operation. */
async function requestsOf(call: () => Promise<unknown>): Promise<Record<string, number>> {
  bench.cloud.s3.requests.reset()
  await call()
  return bench.cloud.s3.requests.counts()
}

async function fill(keys: Iterable<string>): Promise<void> {
  for (const key of keys) await bench.bucket.put(key, 'x')
}

/** What was asked for since `requestsOf` began: each request's operation with its key, or a list's with its prefix. */
function asked(): string[] {
  return bench.cloud.s3.requests.records.map(({ operation, key, target }) =>
    [operation, key || new URL(target, 'http://host').searchParams.get('prefix')].filter(Boolean).join(' '),
  )
}

const numbered = (count: number, directory: string): string[] =>
  Array.from({ length: count }, (_, index) => `${directory}/${String(index).padStart(6, '0')}`)

async function walked(path: string, options: WalkOptions = {}): Promise<string[]> {
  const found: string[] = []
  for await (const entry of bench.driver.walk(path, options)) found.push(entry.path)
  return found
}

describe('each operation costs', () => {
  it('one HEAD and no LIST for a stat of a file alone, whether there is one or not', async () => {
    await fill(['a', 'd/b'])
    expect(await requestsOf(() => bench.driver.stat('/a', { fileOnly: true }))).toEqual({ HeadObject: 1 })
    for (const path of ['/d', '/c']) {
      const asking = (): Promise<void> =>
        expect(bench.driver.stat(path, { fileOnly: true })).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      expect(await requestsOf(asking)).toEqual({ HeadObject: 1 })
    }
  })

  it('one DELETE for that of a file alone, whether there is one or not', async () => {
    await fill(['d', 'd/b'])
    for (const path of ['/d', '/d', '/c']) {
      expect(await requestsOf(() => bench.driver.delete(path, { fileOnly: true }))).toEqual({ DeleteObject: 1 })
    }
    expect(bench.bucket.keys()).toEqual(['d/b'])
  })

  it('one PUT for an object of one part through a writer', async () => {
    const upload = async (): Promise<void> => {
      const writer = await bench.driver.writer('/a')
      await write(writer, content(part - 1))
      await writer.commit()
    }
    expect(await requestsOf(upload)).toEqual({ PutObject: 1 })
  })

  it('for three parts: create, three parts, complete, and a record that comes and goes', async () => {
    const upload = async (): Promise<void> => {
      const writer = await bench.driver.writer('/a')
      await write(writer, content(3 * part))
      await writer.commit()
    }
    expect(await requestsOf(upload)).toEqual({
      CreateMultipartUpload: 1,
      PutObject: 1,
      UploadPart: 3,
      CompleteMultipartUpload: 1,
      DeleteObject: 1,
    })
  })

  it('a HEAD, a COPY and a DELETE for a move', async () => {
    await fill(['a'])
    expect(await requestsOf(() => bench.driver.move('/a', '/b'))).toEqual({
      HeadObject: 1,
      CopyObject: 1,
      DeleteObject: 1,
    })
  })

  it('two requests for a move of known size', async () => {
    await fill(['a'])
    const moving = await requestsOf(() => bench.driver.move('/a', '/b', { size: 1 }))
    expect(moving).toEqual({ CopyObject: 1, DeleteObject: 1 })
  })

  it('three requests for deleting 900 objects', async () => {
    await fill(numbered(900, 'd'))
    expect(await requestsOf(() => bench.driver.delete('/d'))).toEqual({
      HeadObject: 1,
      ListObjectsV2: 1,
      DeleteObjects: 1,
    })
    expect(bench.bucket.keys()).toEqual([])
  })

  it('one request for reading and writing a whole content, a stream, and the stat of a file', async () => {
    expect(await requestsOf(() => bench.driver.putContent('/a', 'x'))).toEqual({ PutObject: 1 })
    expect(await requestsOf(() => bench.driver.getContent('/a'))).toEqual({ GetObject: 1 })
    expect(await requestsOf(async () => (await bench.driver.reader('/a', { offset: 1 })).toArray())).toEqual({
      GetObject: 1,
    })
    expect(await requestsOf(() => bench.driver.stat('/a'))).toEqual({ HeadObject: 1 })
    expect(await requestsOf(() => bench.driver.list('/'))).toEqual({ ListObjectsV2: 1 })
    expect(await requestsOf(() => bench.driver.stat('/'))).toEqual({ HeadBucket: 1 })
  })

  it('nothing for a URL', async () => {
    expect(await requestsOf(() => bench.driver.urlFor('/a'))).toEqual({})
  })
})

describe('a name is not its prefix', () => {
  it('so delete of /a leaves /ab, and looks at nothing but /a and below', async () => {
    await fill(['a', 'a/b', 'ab', 'ab/c'])
    await requestsOf(() => bench.driver.delete('/a'))
    expect(bench.bucket.keys()).toEqual(['ab', 'ab/c'])
    expect(asked().toSorted()).toEqual(['DeleteObjects', 'HeadObject a', 'ListObjectsV2 a/'])
  })

  it('and /a is not there when only /ab is', async () => {
    await fill(['ab', 'ab.c/d'])
    await expect(bench.driver.stat('/a')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(bench.driver.delete('/a')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(bench.driver.list('/a')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })
})

describe('what other programs left: directory markers and keys that are no paths', () => {
  const legal = ['d/a', 'e']
  const foreign = [
    '/',
    'd/',
    'd//b',
    'd/b\u0001c',
    'd/\u007f',
    'd/./b',
    'd/../b',
    'm/',
    'm/n/',
    '~uploads/x',
    '~temporary/y',
    'top\tlevel',
  ]

  it('surfaces in no walk, no stat and no list', async () => {
    await fill([...legal, ...foreign])
    expect(await walked('/')).toEqual(['/d', '/d/a', '/e'])
    expect(await bench.driver.list('/')).toEqual(['/d', '/e'])
    expect(await bench.driver.list('/d')).toEqual(['/d/a'])
    await expect(bench.driver.list('/m')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    for (const path of ['/m', '/m/n']) {
      await expect(bench.driver.stat(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      expect(await walked(path)).toEqual([])
    }
  })

  it('costs a walk nothing', async () => {
    await fill([...legal, ...foreign])
    expect(await requestsOf(() => walked('/'))).toEqual({ ListObjectsV2: 1 })
  })

  it('goes with its directory', async () => {
    await fill([...legal, ...foreign])
    await bench.driver.delete('/d')
    expect(bench.bucket.keys('d')).toEqual([])
  })
})

describe('walking', () => {
  it('lists 1,000 entries at a time', async () => {
    await fill([...numbered(1500, 'a'), ...numbered(1500, 'b')])
    expect(await requestsOf(() => walked('/'))).toEqual({ ListObjectsV2: 3 })
  })

  it('jumps over a directory that is not descended into, and over nothing else', async () => {
    await fill([...numbered(5000, 'a'), 'a-b/c', 'a.b', 'a0', 'b'])
    const descend = ({ path }: { path: string }): boolean => path !== '/a'
    bench.cloud.s3.requests.reset()
    expect(await walked('/', { descend })).toEqual(['/a-b', '/a-b/c', '/a.b', '/a', '/a0', '/b'])
    expect(bench.cloud.s3.requests.counts()).toEqual({ ListObjectsV2: 2 })
  })

  it('jumps over a nested directory up to the next one', async () => {
    await fill([...numbered(1200, 'a/b/c'), 'a/b/d/e', 'a/c', ...numbered(1200, 'z')])
    const descend = ({ path }: { path: string }): boolean => path !== '/a/b/c' && path !== '/z'
    bench.cloud.s3.requests.reset()
    expect(await walked('/', { descend })).toEqual(['/a', '/a/b', '/a/b/c', '/a/b/d', '/a/b/d/e', '/a/c', '/z'])
    expect(bench.cloud.s3.requests.counts()).toEqual({ ListObjectsV2: 3 })
  })

  it('of 20,000 objects is 20 lists, and one for each directory of 2,000 that is left out', async () => {
    for (let index = 0; index < 10; index++) await fill(numbered(2000, `d${index}`))
    let files = 0
    const count = async (descend: WalkOptions['descend']): Promise<void> => {
      files = 0
      for await (const { isDirectory } of bench.driver.walk('/', { descend })) if (!isDirectory) files++
    }
    expect(await requestsOf(() => count(() => true))).toEqual({ ListObjectsV2: 20 })
    expect(files).toBe(20_000)
    const ends = new Set(['/d0', '/d9'])
    expect(await requestsOf(() => count(({ path }) => ends.has(path)))).toEqual({ ListObjectsV2: 2 + 8 + 2 })
    expect(files).toBe(4000)
  })

  it('starts behind startAfter without listing what comes before', async () => {
    await fill([...numbered(3000, 'a'), 'b'])
    expect(await requestsOf(() => walked('/', { startAfter: '/a/002990' }))).toEqual({ ListObjectsV2: 1 })
  })

  it('stops asking when the caller stops', async () => {
    await fill(numbered(3000, 'a'))
    const walking = async (): Promise<void> => {
      for await (const entry of bench.driver.walk('/')) if (entry.path === '/a/000500') break
    }
    expect(await requestsOf(walking)).toEqual({ ListObjectsV2: 1 })
  })

  it('does not walk through the records of unfinished uploads', async () => {
    await fill(['a', ...numbered(2000, '~uploads/repositories')])
    bench.cloud.s3.requests.reset()
    expect(await walked('/')).toEqual(['/a'])
    // One page of them, and one of what may lie behind them.
    expect(bench.cloud.s3.requests.counts()).toEqual({ ListObjectsV2: 2 })
    expect(await bench.driver.list('/')).toEqual(['/a'])
  })
})
