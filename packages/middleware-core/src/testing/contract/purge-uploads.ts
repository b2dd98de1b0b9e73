import assert from 'node:assert/strict'
import { assertContent, assertFails } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'

const inOneDay = (): Date => new Date(Date.now() + 86_400_000)
const oneDayAgo = (): Date => new Date(Date.now() - 86_400_000)

/** `purgeUploads`. */
export const testPurgeUploads: ContractSection = test => {
  test('discards uploads that are old enough', async ({ driver, directory, at, leaveUpload, assertAbsent }) => {
    await leaveUpload('a', 'content')
    await leaveUpload('b/c', 'content')
    assert.deepEqual(await driver.purgeUploads({ path: directory, olderThan: inOneDay() }), { uploads: 2 })
    for (const name of ['a', 'b/c']) {
      await assertFails(driver.writer(at(name), { append: true }), 'PATH_NOT_FOUND', { driver, path: at(name) })
      await assertAbsent(name)
    }
    assert.deepEqual(await driver.purgeUploads({ path: directory, olderThan: inOneDay() }), { uploads: 0 })
  })

  test('only counts with dryRun', async ({ driver, directory, at, leaveUpload }) => {
    await leaveUpload('a', 'content')
    await leaveUpload('b/c', 'content')
    const options = { path: directory, olderThan: inOneDay() }
    assert.deepEqual(await driver.purgeUploads({ ...options, dryRun: true }), { uploads: 2 })
    for (const name of ['a', 'b/c']) {
      const writer = await driver.writer(at(name), { append: true })
      await writer.commit()
      await assertContent(driver, at(name), Buffer.from('content'))
    }
    assert.deepEqual(await driver.purgeUploads({ ...options, dryRun: true }), { uploads: 0 })
  })

  test('keeps uploads that are younger', async ({ driver, directory, at, leaveUpload }) => {
    await leaveUpload('a', 'content')
    assert.deepEqual(await driver.purgeUploads({ path: directory, olderThan: oneDayAgo() }), { uploads: 0 })
    const writer = await driver.writer(at('a'), { append: true })
    await writer.commit()
    await assertContent(driver, at('a'), Buffer.from('content'))
  })

  test('keeps files, and what was committed where an upload was left', async ({
    driver,
    directory,
    at,
    fill,
    leaveUpload,
  }) => {
    await fill(['file', 'both'])
    await leaveUpload('both', 'content')
    assert.deepEqual(await driver.purgeUploads({ path: directory, olderThan: inOneDay() }), { uploads: 1 })
    for (const name of ['file', 'both']) {
      await assertContent(driver, at(name), Buffer.from(name))
      await assertFails(driver.writer(at(name), { append: true }), 'ALREADY_COMMITTED', { driver, path: at(name) })
    }
  })

  test('keeps what lies neither at the path nor below it', async ({ driver, at, leaveUpload }) => {
    for (const name of ['a/1', 'ab/1', 'a-b', 'b']) await leaveUpload(name, 'content')
    assert.deepEqual(await driver.purgeUploads({ path: at('a'), olderThan: inOneDay() }), { uploads: 1 })
    for (const name of ['ab/1', 'a-b', 'b']) {
      const writer = await driver.writer(at(name), { append: true })
      assert.equal(writer.size, 7)
      await writer.close()
    }
  })

  test('discards what was left at the path itself', async ({ driver, at, leaveUpload }) => {
    for (const name of ['a', 'ab', 'a-b']) await leaveUpload(name, 'content')
    assert.deepEqual(await driver.purgeUploads({ path: at('a'), olderThan: inOneDay() }), { uploads: 1 })
    await assertFails(driver.writer(at('a'), { append: true }), 'PATH_NOT_FOUND', { driver, path: at('a') })
  })

  test('finds nothing where there is nothing', async ({ driver, at }) => {
    assert.deepEqual(await driver.purgeUploads({ path: at('missing'), olderThan: inOneDay() }), { uploads: 0 })
  })

  test('looks everywhere without a path', async ({ driver, at, leaveUpload }) => {
    await leaveUpload('a', 'content')
    assert.deepEqual(await driver.purgeUploads({ olderThan: new Date(0) }), { uploads: 0 })
    const writer = await driver.writer(at('a'), { append: true })
    await writer.cancel()
  })
}
