import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import type { Capabilities, StorageDriver, WriteConditions } from '../../contract/index.ts'
import { assertFails, write } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'

/** Calls that need a capability. */
const needing: Partial<
  Record<keyof Capabilities, readonly ((driver: StorageDriver, path: string) => Promise<unknown>)[]>
> = {
  revisions: [
    (driver, path) => driver.reader(path, { ifRevision: 'x' }),
    (driver, path) => driver.move(path, path, { ifRevision: 'x' }),
  ],
  metadata: [
    (driver, path) => driver.putContent(path, 'x', { metadata: { contentType: 'text/plain' } }),
    (driver, path) => driver.writer(path, { metadata: { contentType: 'text/plain' } }),
  ],
  putIfAbsent: [(driver, path) => driver.putContent(path, 'x', { ifAbsent: true })],
  putIfRevision: [(driver, path) => driver.putContent(path, 'x', { ifRevision: 'x' })],
  commitIfAbsent: [
    (driver, path) => commit(driver, path, { ifAbsent: true }),
    (driver, path) => driver.putStream(path, Readable.from(['x']), { ifAbsent: true }),
  ],
  commitIfRevision: [
    (driver, path) => commit(driver, path, { ifRevision: 'x' }),
    (driver, path) => driver.putStream(path, Readable.from(['x']), { ifRevision: 'x' }),
  ],
  deleteIfRevision: [(driver, path) => driver.delete(path, { fileOnly: true, ifRevision: 'x' })],
  uploadUrls: [(driver, path) => driver.uploadUrlFor(path, { size: 1 })],
  uploadForms: [(driver, path) => driver.uploadFormFor(path, { size: { max: 1 } })],
  directUploads: [(driver, path) => driver.directUpload(path, { size: 1 })],
}

/** Commits an upload on conditions. One that is refused is as it was, so that it can be cancelled. */
async function commit(driver: StorageDriver, path: string, conditions: WriteConditions): Promise<void> {
  const writer = await driver.writer(path)
  await write(writer, 'x')
  await writer.commit(conditions).catch(async (error: unknown) => {
    await writer.cancel()
    throw error
  })
}

/** Capabilities: they are data, and what is not declared is refused. */
export const testCapabilities: ContractSection = (test, { capabilities }) => {
  test('are those that the suite was told of', async ({ driver }) => {
    for (const [name, expected] of Object.entries(capabilities)) {
      const declared = driver.capabilities[name as keyof Capabilities]
      assert.ok(declared === expected || declared === 'varies', `${name} is ${declared} instead of ${expected}`)
    }
  })

  test('do not change', async ({ driver, another }) => {
    const before = { ...driver.capabilities }
    assert.ok(Object.isFrozen(driver.capabilities) || driver.capabilities !== before)
    assert.deepEqual({ ...(await another()).capabilities }, before)
  })

  for (const [name, calls] of Object.entries(needing)) {
    if (capabilities[name as keyof Capabilities]) continue
    test(`refuses what needs ${name}`, async ({ driver, at, fill }) => {
      await fill(['file'])
      for (const call of calls) {
        await assertFails(call(driver, at('file')), 'UNSUPPORTED', { driver, path: at('file') })
      }
      assert.equal((await driver.stat(at('file'))).size, 'file'.length)
    })
  }

  if (!capabilities.urls || !capabilities.downloads) {
    test('has no URL where it cannot keep what is asked of it', async ({ driver, at }) => {
      assert.equal(await driver.urlFor(at('file'), { download: { fileName: 'a.txt' } }), undefined)
    })
  }

  if (!capabilities.revisions) {
    test('tells no revision that it does not declare', async ({ driver, at, fill }) => {
      await fill(['file'])
      assert.equal((await driver.stat(at('file'))).revision, undefined)
    })
  }
}
