import assert from 'node:assert/strict'
import { assertFails } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'

/** `list`. */
export const testList: ContractSection = test => {
  test('gives direct children only, files and directories, sorted', async ({ driver, directory, at, fill }) => {
    await fill(['b/c', 'b/d/e', 'b-1', 'b.1', 'B', 'a', 'b0/x/y', 'c'])
    const children = ['B', 'a', 'b', 'b-1', 'b.1', 'b0', 'c'].map(at)
    assert.deepEqual(await driver.list(directory), children)
    assert.deepEqual(await driver.list(at('b')), [at('b/c'), at('b/d')])
    assert.deepEqual(await driver.list(at('b0')), [at('b0/x')])
  })

  test('does not give the contents of siblings', async ({ driver, at, fill }) => {
    await fill(['a/1', 'ab/2', 'a-b/3', 'a.b/4', 'a0'])
    assert.deepEqual(await driver.list(at('a')), [at('a/1')])
  })

  test('does not take siblings for a directory', async ({ driver, at, fill }) => {
    await fill(['ab', 'a-b/c', 'a.b/c'])
    await assertFails(driver.list(at('a')), 'PATH_NOT_FOUND', { driver, path: at('a') })
  })

  test('finds no directory where a file is, or below it', async ({ driver, at, fill }) => {
    await fill(['file'])
    await assertFails(driver.list(at('file')), 'PATH_NOT_FOUND', { driver, path: at('file') })
    await assertFails(driver.list(at('file/child')), 'PATH_NOT_FOUND', { driver, path: at('file/child') })
  })

  test('gives a directory that holds nothing but directories', async ({ driver, at, fill }) => {
    await fill(['a/b/c/d'])
    assert.deepEqual(await driver.list(at('a')), [at('a/b')])
    assert.deepEqual(await driver.list(at('a/b')), [at('a/b/c')])
  })
}
