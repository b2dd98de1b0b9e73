import assert from 'node:assert/strict'
import { assertFails, positionsOf } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'

const files = [
  'file1',
  'file1-2',
  'folder1/a',
  'folder1/b',
  'folder1-v2/a',
  'folder1.v2',
  'folder3/x/1',
  'folder3/y/z/2',
]

/** `delete`. */
export const testDelete: ContractSection = test => {
  for (const name of ['file1', 'folder1', 'folder1/a', 'folder3', 'folder3/y', 'folder3/y/z/2']) {
    test(`removes ${name} with all below it, and no sibling`, async ({ driver, directory, at, fill, assertAbsent }) => {
      await fill(files)
      await driver.delete(at(name))
      await assertAbsent(name)
      const kept = files.filter(file => file !== name && !file.startsWith(`${name}/`)).map(at)
      const found = await positionsOf(driver.walk(directory))
      assert.deepEqual(
        found.filter(position => !position.endsWith('/')),
        kept.toSorted(),
      )
    })
  }

  test('finds nothing where only siblings are', async ({ driver, at, fill }) => {
    await fill(['ab', 'a-b', 'a.b/c', 'file'])
    for (const name of ['a', 'missing', 'file/child', 'missing/child']) {
      await assertFails(driver.delete(at(name)), 'PATH_NOT_FOUND', { driver, path: at(name) })
    }
    assert.deepEqual(await positionsOf(driver.walk(at('a.b'))), [at('a.b/c')])
    assert.equal((await driver.stat(at('ab'))).size, 2)
  })

  test('finds nothing the second time', async ({ driver, at, fill }) => {
    await fill(['a/b', 'c'])
    for (const name of ['a', 'c']) {
      await driver.delete(at(name))
      await assertFails(driver.delete(at(name)), 'PATH_NOT_FOUND', { driver, path: at(name) })
    }
  })
}
