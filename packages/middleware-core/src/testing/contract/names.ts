import assert from 'node:assert/strict'
import { compareBytes, isStorageError, walkPosition } from '../../contract/index.ts'
import { assertContent, collect } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'

/** Names that storages, URLs and file systems have been seen to change. */
export const awkwardNames: readonly string[] = [
  '@scope',
  'pkg-1.0.0+build.5.tgz',
  ' leading and trailing ',
  '[brackets] (parentheses) {braces}',
  '"double" \'single\' `back`',
  '100%',
  '%2F',
  '%20',
  '%zz',
  'a+b',
  '#fragment',
  '?query=1&b=2',
  '*',
  'a*b?c',
  'back\\slash',
  'colon:semicolon;',
  '~',
  '~uploads',
  'a~00000000-0000-4000-8000-000000000000',
  '$dollar ${filename}',
  '<tag>&amp;',
  '|pipe|',
  '...',
  '-rf',
  'caf\u00e9',
  'cafe\u0301',
  '\u65e5\u672c\u8a9e',
  '\u0627\u0644\u0639\u0631\u0628\u064a\u0629',
  '\u{1f642}',
  '\uff5e',
  '\ufffd',
  '\ue000',
  '\u{10fffd}',
  '\u2028',
  '\u00a0',
]

/** Names that people have: each is a file of its own, byte for byte. */
export const testNames: ContractSection = test => {
  test('of every kind are files of their own', async ({ driver, at, fill }) => {
    await fill(awkwardNames)
    for (const name of awkwardNames) {
      await assertContent(driver, at(name), Buffer.from(name))
      assert.equal((await driver.stat(at(name))).path, at(name))
    }
  })

  test('of every kind are listed in the order of their bytes', async ({ driver, directory, at, fill }) => {
    await fill(awkwardNames)
    assert.deepEqual(await driver.list(directory), awkwardNames.map(at).toSorted(compareBytes))
  })

  test('of every kind are those of directories, too', async ({ driver, directory, at, fill }) => {
    const files = awkwardNames.map(name => `${name}/${name}`)
    await fill(files)
    const walked = (await collect(driver.walk(directory))).map(walkPosition)
    const expected = [...files.map(at), ...awkwardNames.map(name => `${at(name)}/`)]
    assert.deepEqual(walked, expected.toSorted(compareBytes))
    for (const name of awkwardNames) assert.deepEqual(await driver.list(at(name)), [at(`${name}/${name}`)])
  })

  test('of every kind can be moved to, uploaded to and deleted', async ({ driver, directory, at, openWriter }) => {
    for (const name of awkwardNames) {
      const writer = await openWriter(`up ${name}`, name)
      await writer.close()
      const continued = await driver.writer(at(`up ${name}`), { append: true })
      assert.equal(continued.size, Buffer.byteLength(name))
      await continued.commit()
      await driver.move(at(`up ${name}`), at(name))
      await assertContent(driver, at(name), Buffer.from(name))
    }
    for (const name of awkwardNames) await driver.delete(at(name))
    assert.deepEqual(await collect(driver.walk(directory)), [])
  })

  test('of two spellings are two files', async ({ driver, at, fill }) => {
    await fill(['caf\u00e9', 'a/%41'])
    for (const other of ['cafe\u0301', 'a/A', 'a/%41 ', 'CAF\u00c9']) {
      await assert.rejects(driver.stat(at(other)), (error: unknown) => isStorageError(error, 'PATH_NOT_FOUND'))
    }
  })

  test('that are long are kept, or refused before anything is stored', async ({ driver, directory }) => {
    const rest = 1024 - directory.length
    for (const name of ['a'.repeat(rest), '\u00e9'.repeat(Math.floor(rest / 2)), `${'b/'.repeat(rest / 2 - 2)}c`]) {
      const path = `${directory}/${name}`
      try {
        await driver.putContent(path, 'x')
      } catch (error) {
        if (!isStorageError(error, 'INVALID_PATH')) throw error
        continue
      }
      await assertContent(driver, path, Buffer.from('x'))
      await driver.delete(path)
    }
  })
}
