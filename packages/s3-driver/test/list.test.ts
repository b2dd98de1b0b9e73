import { beforeEach, describe, expect, it } from '@jest/globals'
import { always } from '@longshore/local-cloud'
import { content, part, useFixture, write } from './cloud.ts'

const bench = useFixture()

const named = (index: number): string => String(index).padStart(6, '0')

/** `count` directories below `d`, each with files of these names. */
function* directories(count: number, files: readonly string[]): Iterable<string> {
  for (let index = 0; index < count; index++) for (const file of files) yield `d/${named(index)}/${file}`
}

const numbered = (count: number, name = ''): string[] =>
  Array.from({ length: count }, (_, index) => name + named(index))

async function fill(keys: Iterable<string>): Promise<void> {
  for (const key of keys) await bench.bucket.put(key, 'x')
  bench.cloud.s3.requests.reset()
}

async function expectChildren(names: readonly string[]): Promise<void> {
  expect(await bench.driver.list('/d')).toEqual(names.map(name => `/d/${name}`))
}

/** Requests that were under way at once, at most. */
function mostAtOnce(): number {
  const events = bench.cloud.s3.requests.records.flatMap(({ startedAt, milliseconds = 0 }) => [
    { at: startedAt, change: 1 },
    { at: startedAt + milliseconds, change: -1 },
  ])
  let open = 0
  return Math.max(...events.toSorted((a, b) => a.at - b.at || a.change - b.change).map(e => (open += e.change)))
}

describe('a list takes', () => {
  const lists = (): number => bench.cloud.s3.requests.count()

  it('one request for up to 1,000 objects, wherever below they are', async () => {
    await fill([...directories(300, ['a', 'b/c', 'd/e/f']), ...numbered(100, 'd/x')])
    await expectChildren([...numbered(300), ...numbered(100, 'x')])
    expect(lists()).toBe(1)
  })

  it('one request for every 1,000 files', async () => {
    await fill(numbered(2500, 'd/'))
    await expectChildren(numbered(2500))
    expect(lists()).toBe(3)
  })

  it('three to seven requests for 1,000 directories of two to five objects', async () => {
    for (const [count, most] of [
      [2, 3],
      [5, 7],
    ] as const) {
      bench.bucket.clear()
      await fill(directories(1000, numbered(count)))
      await expectChildren(numbered(1000))
      expect(lists()).toBeLessThanOrEqual(most)
    }
  })

  it('little more than the pages of both listings for 3,000 directories of two objects', async () => {
    await fill(directories(3000, ['current/link', 'index/sha256/0/link']))
    await expectChildren(numbered(3000))
    expect(lists()).toBeLessThanOrEqual(4 + 6 + 3)
  })

  it('three requests for two directories, however much they hold', async () => {
    await fill(directories(2, numbered(3000)))
    await expectChildren(numbered(2))
    expect(lists()).toBe(3)
  })

  it('no more than one request for each directory that holds more than a page, and never one after the other', async () => {
    await fill(directories(30, numbered(1050)))
    bench.cloud.s3.faults.add(always({ kind: 'delay', milliseconds: 50 }))
    await expectChildren(numbered(30))
    expect(lists()).toBeLessThanOrEqual(2 + 30)
    expect(mostAtOnce()).toBeGreaterThan(8)
  })

  it('few requests for small directories behind a large one', async () => {
    await fill([...numbered(3000, 'd/-/'), ...directories(1000, ['a'])])
    await expectChildren(['-', ...numbered(1000)])
    expect(lists()).toBe(3)
  })
})

describe('what is no file of ours makes no directory', () => {
  it('among more children than one page shows, wherever it lies', async () => {
    const foreign = [
      '0-marker/',
      '000500-marker/',
      '000700-sub/m/',
      '000800-bad/b\tc',
      'z-marker/',
      'z-e/\t',
      '\u0001/x',
      '~//x',
    ]
    await fill([...directories(1000, ['a', 'b']), ...foreign.map(name => `d/${name}`), 'd/'])
    await expectChildren(numbered(1000))
  })

  it('however much of it there is', async () => {
    await fill([
      ...numbered(2500, 'd/m/b\tc'),
      ...numbered(1200, 'd/n/'),
      ...numbered(1300, 'd/o//'),
      ...numbered(1200, 'd/p/\u0002'),
    ])
    await expectChildren(['n'])
    expect(await bench.driver.list('/d/n')).toHaveLength(1200)
  })

  it('beside a file of the same name', async () => {
    await fill([...numbered(1200, 'd/a/'), 'd/m', 'd/m/', 'd/n', 'd/n/\t'])
    await expectChildren(['a', 'm', 'n'])
  })

  it('and hides no directory that begins with it', async () => {
    await fill([
      ...numbered(1200, 'd/a/'),
      ...numbered(1500, 'd/m/!'),
      'd/m/x',
      'd/n/',
      'd/n/x',
      'd/o/',
      'd/o/x/',
      'd/o/x/y',
    ])
    await expectChildren(['a', 'm', 'n', 'o'])
  })

  it('nor is it looked through two keys at a time', async () => {
    await fill(numbered(2500, 'd/m/b\tc'))
    await expect(bench.driver.stat('/d/m')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    expect(bench.cloud.s3.requests.counts()).toEqual({ HeadObject: 1, ListObjectsV2: 4 })
  })
})

describe('on a server that says of every list that there is more', () => {
  it('lists are the same', async () => {
    await fill([...directories(700, ['a', 'b']), 'd/m/', 'd/n/b\tc'])
    bench.cloud.s3.quirks.alwaysTruncated = true
    await expectChildren(numbered(700))
    await expect(bench.driver.list('/d/m')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(bench.driver.list('/e')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })
})

describe('on a server whose lists begin with an empty page', () => {
  beforeEach(() => {
    bench.cloud.s3.quirks.emptyFirstPage = true
  })

  it('lists, walks and looks into directories as ever', async () => {
    await fill([...directories(700, ['a', 'b']), 'd/m/', 'd/n/b\tc'])
    await expectChildren(numbered(700))
    expect(await bench.driver.stat('/d/000001')).toMatchObject({ isDirectory: true })
    let walked = 0
    for await (const _ of bench.driver.walk('/d')) walked++
    expect(walked).toBe(700 + 1400)
    await expect(bench.driver.list('/d/m')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(bench.driver.list('/e')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  it('deletes all of a directory', async () => {
    await fill(directories(600, ['a', 'b']))
    await bench.driver.delete('/d')
    await expect(bench.driver.list('/d')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  it('continues an upload behind all of its parts', async () => {
    const bytes = content(2 * part + 1000)
    const writer = await bench.driver.writer('/f')
    await write(writer, bytes)
    await writer.close()
    const next = await bench.driver.writer('/f', { append: true })
    expect(next.size).toBe(bytes.length)
    await next.commit()
    expect(bytes.equals(await bench.driver.getContent('/f'))).toBe(true)
  })
})

describe('the root', () => {
  it('is listed without a look at the records of unfinished uploads', async () => {
    await fill(['a', 'b/c', ...numbered(2000, '~uploads/repositories/')])
    expect(await bench.driver.list('/')).toEqual(['/a', '/b'])
    // One of them, and one behind them.
    expect(bench.cloud.s3.requests.count()).toBe(2)
  })
})
