import assert from 'node:assert/strict'
import type { DirectUpload } from '../../contract/index.ts'
import { assertContent, assertFails } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'
import { send, sha256Of } from './upload-urls.ts'

/** Direct uploads: parts go from clients to the storage, and the driver commits. */
export const testDirectUploads: ContractSection = (test, { fetch, chunkSizes }) => {
  if (!fetch) return

  const sendParts = async (upload: DirectUpload, content: Uint8Array): Promise<void> => {
    // The last first: the order is the client's.
    for (let number = upload.partCount; number >= 1; number--) {
      const part = content.subarray((number - 1) * upload.partSize, number * upload.partSize)
      assert.equal(await send(fetch, await upload.partUrl(number, { sha256: sha256Of(part) }), part), 200)
    }
  }

  for (const size of new Set([1, ...chunkSizes])) {
    test(
      `of ${size} bytes are committed by another process, with nothing to be seen before`,
      async ({ driver, another, at, assertAbsent, assertNoUploads }) => {
        const content = randomBytes(size)
        const upload = await driver.directUpload(at('file'), { size })
        await sendParts(upload, content)
        await assertAbsent('file')
        const there = await (await another()).directUpload(at('file'), { id: upload.id })
        const parts = await there.parts()
        assert.equal(
          parts.reduce((sum, part) => sum + part.size, 0),
          size,
        )
        await there.commit()
        await assertContent(driver, at('file'), content)
        await assertNoUploads()
      },
      'directUploads',
    )
  }

  test(
    'refuse a part of other bytes or another size',
    async ({ driver, at }) => {
      const content = randomBytes(1000)
      const upload = await driver.directUpload(at('file'), { size: 1000 })
      const request = await upload.partUrl(1, { sha256: sha256Of(content) })
      assert.ok((await send(fetch, request, randomBytes(1000, 7))) >= 400)
      assert.ok((await send(fetch, request, content.subarray(1))) >= 400)
      assert.deepEqual(await upload.parts(), [])
      await upload.cancel()
    },
    'directUploads',
  )

  test(
    'are not committed before they are complete, and stay as they are',
    async ({ driver, at, assertAbsent }) => {
      const content = randomBytes(1000)
      const upload = await driver.directUpload(at('file'), { size: 1000 })
      await assertFails(upload.commit(), 'INVALID_STATE', { driver, path: at('file') })
      await assertAbsent('file')
      await sendParts(upload, content)
      await upload.commit()
      await assertContent(driver, at('file'), content)
    },
    'directUploads',
  )

  test(
    'go to their destination with their metadata',
    async ({ driver, at, assertAbsent }) => {
      const metadata = { contentType: 'image/png', custom: { id: '4711' } }
      const content = randomBytes(1000)
      const upload = await driver.directUpload(at('upload'), { size: 1000, destination: at('file'), metadata })
      await sendParts(upload, content)
      await upload.commit()
      await assertContent(driver, at('file'), content)
      assert.deepEqual((await driver.stat(at('file'))).metadata, metadata)
      await assertAbsent('upload')
    },
    'directUploads',
    'metadata',
  )

  test(
    'are known by their path and id together',
    async ({ driver, at }) => {
      const { id } = await driver.directUpload(at('file'), { size: 1 })
      const about = { driver, path: at('other') }
      await assertFails(driver.directUpload(at('other'), { id }), 'UPLOAD_NOT_FOUND', about)
      await (await driver.directUpload(at('file'), { id })).cancel()
      await assertFails(driver.directUpload(at('file'), { id }), 'UPLOAD_NOT_FOUND', { driver, path: at('file') })
    },
    'directUploads',
  )

  test(
    'that nobody finishes are purged, and no writer continues them',
    async ({ driver, directory, at, assertNoUploads }) => {
      const upload = await driver.directUpload(at('file'), { size: 1000 })
      await sendParts(upload, randomBytes(1000))
      await assertFails(driver.writer(at('file'), { append: true }), 'PATH_NOT_FOUND', { driver, path: at('file') })
      const olderThan = new Date(Date.now() + 86_400_000)
      assert.deepEqual(await driver.purgeUploads({ path: directory, olderThan, dryRun: true }), { uploads: 1 })
      assert.deepEqual(await driver.purgeUploads({ path: directory, olderThan }), { uploads: 1 })
      await assertNoUploads()
      await assertFails(upload.commit(), 'UPLOAD_NOT_FOUND', { driver, path: at('file') })
    },
    'directUploads',
  )
}
