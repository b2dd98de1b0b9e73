import assert from 'node:assert/strict'
import { assertFails, positionsOf } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'

/** Files put in place at the same time. */
const batch = 32

/** A directory with more files than the storage lists or deletes at once. */
export const testBulk: ContractSection = (test, { manyFiles }) => {
  test(`${manyFiles} files are listed, walked and deleted`, async ({ driver, at }) => {
    const files = Array.from({ length: manyFiles }, (_, index) => at(`many/${String(index).padStart(6, '0')}`))
    for (let start = 0; start < files.length; start += batch) {
      await Promise.all(files.slice(start, start + batch).map(file => driver.putContent(file, 'content')))
    }
    await driver.putContent(at('many-more'), 'content')
    assert.deepEqual(await driver.list(at('many')), files)
    assert.deepEqual(await positionsOf(driver.walk(at('many'))), files)
    await driver.delete(at('many'))
    await assertFails(driver.list(at('many')), 'PATH_NOT_FOUND', { driver, path: at('many') })
    assert.equal((await driver.stat(at('many-more'))).size, 7)
  })
}
