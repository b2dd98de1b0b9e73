import assert from 'node:assert/strict'
import { root } from '../../contract/paths.ts'
import { assertContent, assertFails, exists, positionsOf, together } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'

/** `stat` and `delete` with `fileOnly`. */
export const testFileOnly: ContractSection = test => {
  test('stat tells a file', async ({ driver, at, fill }) => {
    await fill(['file', 'a/b'])
    for (const name of ['file', 'a/b']) {
      assert.deepEqual(await driver.stat(at(name), { fileOnly: true }), await driver.stat(at(name)))
    }
  })

  test('stat finds no directory, and no sibling', async ({ driver, at, fill }) => {
    await fill(['directory/a/b', 'file', 'siblings', 'sibling-1'])
    for (const name of ['directory', 'directory/a', 'file/child', 'sibling']) {
      const about = { driver, path: at(name) }
      await assertFails(driver.stat(at(name), { fileOnly: true }), 'PATH_NOT_FOUND', about)
    }
  })

  test('stat finds no upload', async ({ driver, at, leaveUpload }) => {
    await leaveUpload('file', 'content')
    await assertFails(driver.stat(at('file'), { fileOnly: true }), 'PATH_NOT_FOUND', { driver, path: at('file') })
  })

  test('stat finds the root', async ({ driver }) => {
    const { path, isDirectory } = await driver.stat(root, { fileOnly: true })
    assert.deepEqual({ path, isDirectory }, { path: root, isDirectory: true })
  })

  test('delete removes a file, and its directory with the last one', async ({ driver, at, fill, assertAbsent }) => {
    await fill(['file', 'a/b/c', 'a/d'])
    for (const name of ['file', 'a/b/c']) {
      await driver.delete(at(name), { fileOnly: true })
      await assertAbsent(name)
    }
    await assertAbsent('a/b')
    assert.deepEqual(await driver.list(at('a')), [at('a/d')])
  })

  test('delete is content with nothing', async ({ driver, directory, at, fill }) => {
    await driver.delete(at('missing'), { fileOnly: true })
    await fill(['file', 'siblings', 'sibling-1', 'sibling.d/a'])
    for (const name of ['missing', 'missing/child', 'file/child', 'sibling']) {
      await driver.delete(at(name), { fileOnly: true })
      assert.equal(await exists(driver.stat(at(name))), false)
    }
    const expected = ['file', 'sibling-1', 'sibling.d/', 'sibling.d/a', 'siblings'].map(at)
    assert.deepEqual(await positionsOf(driver.walk(directory)), expected)
  })

  test('delete is content with nothing the second time, and when many do it at once', async ({ driver, at, fill }) => {
    await fill(['a/b', 'a/c'])
    for (const _ of ['first', 'second']) await driver.delete(at('a/b'), { fileOnly: true })
    await together([1, 2, 3, 4].map(() => driver.delete(at('a/c'), { fileOnly: true })))
    assert.equal(await exists(driver.stat(at('a'))), false)
  })

  test('delete leaves a directory alone', async ({ driver, at, fill }) => {
    await fill(['directory/a', 'directory/b/c'])
    for (const name of ['directory', 'directory/b']) await driver.delete(at(name), { fileOnly: true })
    for (const name of ['directory/a', 'directory/b/c']) await assertContent(driver, at(name), Buffer.from(name))
  })

  test('delete leaves siblings alone', async ({ driver, at, fill, assertAbsent }) => {
    const siblings = ['ab', 'a-b', 'a.b/c', 'a0']
    await fill(['a', ...siblings])
    await driver.delete(at('a'), { fileOnly: true })
    await assertAbsent('a')
    for (const name of siblings) await assertContent(driver, at(name), Buffer.from(name))
  })
}
