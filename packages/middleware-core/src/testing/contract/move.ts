import assert from 'node:assert/strict'
import { assertContent, assertFails, exists, watch } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** `move`. */
export const testMove: ContractSection = (test, { largeFile }) => {
  test('leaves nothing at the source', async ({ driver, at, fill, assertAbsent }) => {
    await fill(['source'])
    await driver.move(at('source'), at('destination'))
    await assertContent(driver, at('destination'), Buffer.from('source'))
    await assertAbsent('source')
  })

  for (const size of new Set([0, 1, largeFile])) {
    test(`moves ${size} bytes, with and without being told the size`, async ({ driver, at, assertAbsent }) => {
      const content = randomBytes(size)
      await driver.putContent(at('a/source'), content)
      await driver.move(at('a/source'), at('b/c/told'), { size })
      await assertContent(driver, at('b/c/told'), content)
      await assertAbsent('a')
      await driver.move(at('b/c/told'), at('d'))
      await assertContent(driver, at('d'), content)
      await assertAbsent('b')
    })
  }

  test('replaces what was at the destination', async ({ driver, at, fill, assertAbsent }) => {
    await driver.putContent(at('destination'), randomBytes(1000))
    await fill(['source'])
    await driver.move(at('source'), at('destination'))
    await assertContent(driver, at('destination'), Buffer.from('source'))
    await assertAbsent('source')
  })

  test('leaves the destination alone when there is no source', async ({ driver, at, fill, assertAbsent }) => {
    await fill(['destination', 'sources', 'source-1'])
    for (const source of ['source', 'destination/child']) {
      const about = { driver, path: at(source) }
      await assertFails(driver.move(at(source), at('destination')), 'PATH_NOT_FOUND', about)
      await assertFails(driver.move(at(source), at('destination'), { size: 5 }), 'PATH_NOT_FOUND', about)
      await assertFails(driver.move(at(source), at('elsewhere')), 'PATH_NOT_FOUND', about)
    }
    await assertContent(driver, at('destination'), Buffer.from('destination'))
    await assertAbsent('elsewhere')
  })

  test('moves no directory', async ({ driver, at, fill, assertAbsent }) => {
    await fill(['source/file', 'destination'])
    const about = { driver, path: at('source') }
    await assertFails(driver.move(at('source'), at('destination')), 'PATH_NOT_FOUND', about)
    await assertFails(driver.move(at('source'), at('elsewhere')), 'PATH_NOT_FOUND', about)
    await assertContent(driver, at('source/file'), Buffer.from('source/file'))
    await assertContent(driver, at('destination'), Buffer.from('destination'))
    await assertAbsent('elsewhere')
  })

  test('does nothing when a file moves onto itself', async ({ driver, at, fill }) => {
    await fill(['file', 'directory/file'])
    await driver.move(at('file'), at('file'))
    await assertContent(driver, at('file'), Buffer.from('file'))
    for (const name of ['missing', 'directory']) {
      const about = { driver, path: at(name) }
      await assertFails(driver.move(at(name), at(name)), 'PATH_NOT_FOUND', about)
    }
  })

  test('touches no sibling', async ({ driver, at, fill }) => {
    await fill(['a', 'ab', 'a-b', 'a.b/c'])
    await driver.move(at('a'), at('b'))
    for (const name of ['ab', 'a-b', 'a.b/c']) await assertContent(driver, at(name), Buffer.from(name))
  })

  test('has the file at one of both paths at any time', async ({ driver, at, fill }) => {
    await fill(['source'])
    await watch(driver.move(at('source'), at('destination')), async () => {
      if (!(await exists(driver.stat(at('source')))))
        assert.ok(await exists(driver.stat(at('destination'))), 'at neither')
    })
  })
}
