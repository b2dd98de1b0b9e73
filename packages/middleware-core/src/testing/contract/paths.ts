import assert from 'node:assert/strict'
import { root } from '../../contract/paths.ts'
import { assertBytes, assertFails, collect } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'
import { calls } from './calls.ts'

const legal = [
  '/a',
  '/2',
  '/aa',
  '/a.a',
  '/0-9/abcdefg',
  '/abcdefg/z.75',
  '/abc/1.2.3.4.5-6_zyx/123.z/4',
  '/docker/docker-registry',
  '/123.abc',
  '/abc./abc',
  '/.abc',
  '/a--b',
  '/a-.b',
  '/_.abc',
  '/Docker/docker-registry',
  '/Abc/Cba',
  '/...',
  '/..a/b..',
  '/-/_',
]

const illegal = [
  '',
  'abc',
  '123.abc',
  'a/b',
  '//bcd',
  '/a//b',
  '/abc_123/',
  '/.',
  '/..',
  '/a/.',
  '/a/..',
  '/a/../b',
  '/a/./b',
  '/a\n',
  '/a\u0000b',
  '/a\u007f',
  '/a\u0085',
  '/a\ufffe',
  '/a\ud83d',
  '/~uploads',
  '/~uploads/a',
  '/~temporary/a',
  `/${'a'.repeat(1025)}`,
]

/** Legal and illegal paths, to which every method keeps. */
export const testPaths: ContractSection = test => {
  test('every legal path holds a file', async ({ driver, at }) => {
    for (const path of legal) {
      const file = at(path.slice(1))
      await driver.putContent(file, path)
      assertBytes(await driver.getContent(file), Buffer.from(path))
      assert.equal((await driver.stat(file)).path, file)
      await driver.delete(file)
    }
  })

  test('upper and lower case are different', async ({ driver, directory, at, fill }) => {
    await fill(['name', 'Name', 'NAME'])
    assertBytes(await driver.getContent(at('name')), Buffer.from('name'))
    assert.deepEqual(await driver.list(directory), [at('NAME'), at('Name'), at('name')])
  })

  for (const { name, run, acceptsRoot } of calls) {
    test(`${name} refuses illegal paths`, async ({ driver, at }) => {
      const refused = acceptsRoot ? illegal : [root, ...illegal]
      for (const path of refused) {
        await assertFails(run(driver, path, at('elsewhere')), 'INVALID_PATH', { driver, path })
      }
    })
  }

  test('move refuses illegal destinations', async ({ driver, at, fill, assertAbsent }) => {
    await fill(['source'])
    for (const path of [root, ...illegal]) {
      await assertFails(driver.move(at('source'), path), 'INVALID_PATH', { driver, path })
    }
    assertBytes(await driver.getContent(at('source')), Buffer.from('source'))
    await assertAbsent('elsewhere')
  })

  test('move looks at the source first', async ({ driver }) => {
    await assertFails(driver.move('source', 'destination'), 'INVALID_PATH', { driver, path: 'source' })
  })

  test('writer refuses illegal destinations', async ({ driver, at, leaveUpload }) => {
    await leaveUpload('source', 'content')
    for (const append of [false, true]) {
      for (const destination of [root, ...illegal]) {
        const about = { driver, path: destination }
        await assertFails(driver.writer(at('source'), { append, destination }), 'INVALID_PATH', about)
      }
    }
    const writer = await driver.writer(at('source'), { append: true })
    assert.equal(writer.size, 7)
    await writer.cancel()
  })

  test('writer looks at its own path first', async ({ driver }) => {
    const call = driver.writer('source', { destination: 'destination' })
    await assertFails(call, 'INVALID_PATH', { driver, path: 'source' })
  })

  test('walk refuses an illegal startAfter', async ({ driver, directory }) => {
    for (const startAfter of ['abc', '/a//', '/a\u0000', '/../a']) {
      const error = await collect(driver.walk(directory, { startAfter })).catch((reason: unknown) => reason)
      assert.equal((error as { code?: string }).code, 'INVALID_PATH', `startAfter ${startAfter}`)
    }
  })

  test('the root is a directory', async ({ driver, fill, directory }) => {
    assert.ok(Array.isArray(await driver.list(root)))
    await fill(['file'])
    const { path, isDirectory, size } = await driver.stat(root)
    assert.deepEqual({ path, isDirectory, size }, { path: root, isDirectory: true, size: 0 })
    assert.ok((await driver.list(root)).includes(directory))
    const top = await collect(driver.walk(root, { descend: () => false }))
    assert.ok(top.some(entry => entry.path === directory && entry.isDirectory))
  })
}
