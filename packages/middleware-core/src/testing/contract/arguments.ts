import type { StorageDriver } from '../../contract/index.ts'
import { assertFails } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'

const never = (value: unknown): never => value as never

/** Calls with an argument that is none. */
const wrong: readonly [name: string, call: (driver: StorageDriver, path: string) => Promise<unknown>][] = [
  ['a negative length', (driver, path) => driver.reader(path, { length: -1 })],
  ['a fractional length', (driver, path) => driver.reader(path, { length: 1.5 })],
  ['a date that is none', (driver, path) => driver.purgeUploads({ path, olderThan: new Date(Number.NaN) })],
  ['no date', (driver, path) => driver.purgeUploads({ path, olderThan: never(undefined) })],
  ['a number for a date', (driver, path) => driver.purgeUploads({ path, olderThan: never(Date.now()) })],
  ['a negative size', (driver, path) => driver.move(path, path, { size: -1 })],
  ['no time for a URL', (driver, path) => driver.urlFor(path, { expiresIn: 0 })],
  ['two conditions', (driver, path) => driver.putContent(path, 'x', { ifAbsent: true, ifRevision: 'x' })],
  ['a revision for a tree', (driver, path) => driver.delete(path, { ifRevision: 'x' })],
  ['metadata for a continued upload', (driver, path) => driver.writer(path, { append: true, metadata: {} })],
  [
    'a header with a line break',
    (driver, path) => driver.putContent(path, 'x', { metadata: { cacheControl: 'a\nb' } }),
  ],
  ['a name in capitals', (driver, path) => driver.putContent(path, 'x', { metadata: { custom: { A: 'b' } } })],
  [
    'a value that is no ASCII',
    (driver, path) => driver.putContent(path, 'x', { metadata: { custom: { a: '\u00e9' } } }),
  ],
  [
    'too much metadata',
    (driver, path) => driver.putContent(path, 'x', { metadata: { custom: { a: 'b'.repeat(2000) } } }),
  ],
  ['a type that is none', (driver, path) => driver.putContent(path, 'x', { metadata: { contentType: 'text' } })],
]

/** Arguments: what a call does not accept is refused before anything else is done, for every driver alike. */
export const testArguments: ContractSection = test => {
  for (const [name, call] of wrong) {
    test(`refuses ${name}`, async ({ driver, at, fill, leaveUpload }) => {
      await fill(['file'])
      await leaveUpload('upload', 'content')
      await assertFails(call(driver, at('file')), 'INVALID_ARGUMENT', { driver, path: at('file') })
      const upload = await driver.writer(at('upload'), { append: true })
      await upload.cancel()
    })
  }
}
