import assert from 'node:assert/strict'
import type { FileInfo } from '../../contract/index.ts'
import { walkPosition } from '../../contract/paths.ts'
import { collect, positionsOf } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'

const files = [
  'a/1',
  'a/2',
  'a-b',
  'a.b/1',
  'a0',
  'ab/1',
  'b/c/d/1',
  'b/c-d',
  'tags/1.2/link',
  'tags/1.2-rc/link',
  'tags/1.20/link',
  'z',
]

/** The byte order of positions: `-` and `.` come before the slash, digits and letters after it. */
const order = [
  'a-b',
  'a.b/',
  'a.b/1',
  'a/',
  'a/1',
  'a/2',
  'a0',
  'ab/',
  'ab/1',
  'b/',
  'b/c-d',
  'b/c/',
  'b/c/d/',
  'b/c/d/1',
  'tags/',
  'tags/1.2-rc/',
  'tags/1.2-rc/link',
  'tags/1.2/',
  'tags/1.2/link',
  'tags/1.20/',
  'tags/1.20/link',
  'z',
]

/** `walk`. */
export const testWalk: ContractSection = test => {
  test('yields everything below, each directory right before its contents', async ({ driver, directory, at, fill }) => {
    await fill(files)
    assert.deepEqual(await positionsOf(driver.walk(directory)), order.map(at))
    assert.deepEqual(await positionsOf(driver.walk(at('b'))), ['b/c-d', 'b/c/', 'b/c/d/', 'b/c/d/1'].map(at))
    assert.deepEqual(await positionsOf(driver.walk(at('a'))), ['a/1', 'a/2'].map(at))
  })

  test('tells the same of an entry as stat', async ({ driver, directory, fill }) => {
    await fill(['a/1', 'b'])
    for (const { path, size, isDirectory } of await collect(driver.walk(directory))) {
      const info = await driver.stat(path)
      assert.deepEqual({ path, size, isDirectory }, { path: info.path, size: info.size, isDirectory: info.isDirectory })
    }
  })

  test('yields nothing below what does not exist, or is a file', async ({ driver, at, fill }) => {
    await fill(['ab', 'a-b/c', 'a.b/c', 'file'])
    for (const name of ['a', 'missing', 'file', 'file/child']) {
      assert.deepEqual(await positionsOf(driver.walk(at(name))), [], name)
    }
  })

  test('asks once for each directory, with what it is', async ({ driver, directory, at, fill }) => {
    await fill(files)
    const asked: FileInfo[] = []
    await collect(driver.walk(directory, { descend: info => asked.push(info) > 0 }))
    assert.deepEqual(asked.map(walkPosition), order.filter(position => position.endsWith('/')).map(at))
  })

  test('leaves out what it must not descend into, and no sibling', async ({ driver, directory, at, fill }) => {
    await fill(files)
    for (const name of ['a', 'a.b', 'b', 'b/c', 'tags', 'tags/1.2', 'tags/1.2-rc']) {
      const expected = order.filter(position => position === `${name}/` || !position.startsWith(`${name}/`))
      const found = await positionsOf(driver.walk(directory, { descend: info => info.path !== at(name) }))
      assert.deepEqual(found, expected.map(at), `without ${name}`)
    }
    const top = order.filter(position => /^[^/]+\/?$/.test(position))
    assert.deepEqual(await positionsOf(driver.walk(directory, { descend: () => false })), top.map(at))
  })

  test('goes on after any position, there or not', async ({ driver, directory, at, fill }) => {
    await fill(files)
    const missing = ['a', 'a-', 'a-a', 'a.b/0', 'a/', 'a/11', 'a/9', 'b/c', 'b/c/d', 'b/c/d/0', 'tags/1.2']
    for (const start of new Set([...order, ...missing, '-', '0', 'zz', 'z/1'])) {
      const found = await positionsOf(driver.walk(directory, { startAfter: at(start) }))
      assert.deepEqual(found, order.filter(position => position > start).map(at), `after ${start}`)
    }
  })

  test('starts at the beginning after itself, and yields nothing after its end', async ({ driver, at, fill }) => {
    await fill(files)
    const below = ['b/c-d', 'b/c/', 'b/c/d/', 'b/c/d/1'].map(at)
    for (const start of ['b', 'b/', 'a', 'a/2', 'b-']) {
      assert.deepEqual(await positionsOf(driver.walk(at('b'), { startAfter: at(start) })), below, `after ${start}`)
    }
    for (const start of ['b0', 'b/d', 'bb', 'c', 'z']) {
      assert.deepEqual(await positionsOf(driver.walk(at('b'), { startAfter: at(start) })), [], `after ${start}`)
    }
  })

  test('descends and goes on at the same time', async ({ driver, directory, at, fill }) => {
    await fill(files)
    for (const start of order) {
      const expected = order.filter(position => position > start && !position.startsWith('tags/1.2/l'))
      const options = { startAfter: at(start), descend: (info: FileInfo) => info.path !== at('tags/1.2') }
      assert.deepEqual(await positionsOf(driver.walk(directory, options)), expected.map(at), `after ${start}`)
    }
  })

  test('gives the same in pages of one entry', async ({ driver, directory, at, fill }) => {
    await fill(files)
    const found: string[] = []
    let startAfter: string | undefined
    while (found.length <= order.length) {
      const page: string[] = []
      for await (const entry of driver.walk(directory, { startAfter })) {
        page.push(walkPosition(entry))
        break
      }
      startAfter = page[0]
      if (startAfter === undefined) break
      found.push(startAfter)
    }
    assert.deepEqual(found, order.map(at))
  })

  test('goes on when an entry vanishes', async ({ driver, directory, at, fill }) => {
    await fill(['a/1', 'b/1', 'c'])
    const found: string[] = []
    for await (const entry of driver.walk(directory)) {
      if (found.length === 0) await driver.delete(at('b'))
      found.push(walkPosition(entry))
    }
    assert.deepEqual(
      found.filter(position => !position.startsWith(at('b'))),
      ['a/', 'a/1', 'c'].map(at),
    )
  })
}
