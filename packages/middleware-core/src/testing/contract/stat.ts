import assert from 'node:assert/strict'
import { assertFails } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** Clocks of a storage and of this machine may differ this much, in milliseconds. */
const skew = 600_000

/** `stat`. */
export const testStat: ContractSection = test => {
  test('tells a file', async ({ driver, at }) => {
    await driver.putContent(at('file'), randomBytes(4096))
    const { path, size, isDirectory, modifiedAt } = await driver.stat(at('file'))
    assert.deepEqual({ path, size, isDirectory }, { path: at('file'), size: 4096, isDirectory: false })
    assert.ok(modifiedAt instanceof Date)
    assert.ok(Math.abs(Date.now() - modifiedAt.getTime()) < skew, `modified at ${modifiedAt.toISOString()}`)
  })

  test('tells an empty file', async ({ driver, at }) => {
    await driver.putContent(at('file'), '')
    const { size, isDirectory } = await driver.stat(at('file'))
    assert.deepEqual({ size, isDirectory }, { size: 0, isDirectory: false })
  })

  test('tells a directory, at any depth', async ({ driver, at, fill }) => {
    await fill(['a/b/c'])
    for (const name of ['a', 'a/b']) {
      const { path, size, isDirectory, modifiedAt } = await driver.stat(at(name))
      assert.deepEqual({ path, size, isDirectory }, { path: at(name), size: 0, isDirectory: true })
      assert.ok(modifiedAt instanceof Date && !Number.isNaN(modifiedAt.getTime()))
    }
  })

  test('tells what a file has become', async ({ driver, at }) => {
    await driver.putContent(at('file'), randomBytes(100))
    const before = await driver.stat(at('file'))
    await driver.putContent(at('file'), randomBytes(10))
    const after = await driver.stat(at('file'))
    assert.equal(after.size, 10)
    assert.ok(after.modifiedAt >= before.modifiedAt)
  })

  test('does not take a sibling for the contents of a directory', async ({ driver, at, fill }) => {
    await fill(['ab', 'a-b', 'a.b/c', 'a0/c'])
    await assertFails(driver.stat(at('a')), 'PATH_NOT_FOUND', { driver, path: at('a') })
  })

  test('finds nothing below a file', async ({ driver, at, fill }) => {
    await fill(['file'])
    await assertFails(driver.stat(at('file/child')), 'PATH_NOT_FOUND', { driver, path: at('file/child') })
  })

  test('finds a directory no more when its last file is gone', async ({ driver, at, fill }) => {
    await fill(['a/b/c', 'a/b/d', 'z'])
    await driver.delete(at('a/b/c'))
    assert.ok((await driver.stat(at('a/b'))).isDirectory)
    await driver.move(at('a/b/d'), at('y'))
    await assertFails(driver.stat(at('a/b')), 'PATH_NOT_FOUND', { driver, path: at('a/b') })
    await assertFails(driver.stat(at('a')), 'PATH_NOT_FOUND', { driver, path: at('a') })
  })
}
