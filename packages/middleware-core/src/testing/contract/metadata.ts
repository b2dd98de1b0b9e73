import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import type { FileMetadata, StorageDriver } from '../../contract/index.ts'
import { write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

const metadata: FileMetadata = {
  contentType: 'text/html; charset=utf-8',
  cacheControl: 'public, max-age=60',
  contentDisposition: 'attachment; filename="a.html"',
  contentEncoding: 'br',
  contentLanguage: 'de, en',
  custom: { build: '4711', 'git-ref': 'refs/heads/main' },
}

/** Metadata: stored with a file by whatever way it comes, kept, and told by `stat`. */
export const testMetadata: ContractSection = (test, { chunkSizes }) => {
  test(
    'goes with a content, and away with the next',
    async ({ driver, at }) => {
      await driver.putContent(at('file'), 'x', { metadata })
      assert.deepEqual(await metadataOf(driver, at('file')), metadata)
      await driver.putContent(at('file'), 'x')
      const { contentType: _, ...rest } = await metadataOf(driver, at('file'))
      assert.deepEqual(rest, {})
    },
    'metadata',
  )

  test(
    'goes with a stream',
    async ({ driver, at }) => {
      await driver.putStream(at('file'), Readable.from([randomBytes(1000)]), { metadata })
      assert.deepEqual(await metadataOf(driver, at('file')), metadata)
    },
    'metadata',
  )

  for (const size of chunkSizes) {
    test(
      `of an upload of ${size} bytes is kept across a close, another process and a destination`,
      async ({ driver, another, at }) => {
        const first = await driver.writer(at('upload'), { metadata })
        await write(first, randomBytes(size))
        await first.close()
        const second = await (await another()).writer(at('upload'), { append: true, destination: at('file') })
        await write(second, randomBytes(size, 2))
        await second.commit()
        assert.deepEqual(await metadataOf(driver, at('file')), metadata)
        assert.equal((await driver.stat(at('file'))).size, 2 * size)
      },
      'metadata',
    )

    test(
      `of an upload of ${size} bytes is there after a commit that follows a close`,
      async ({ driver, at }) => {
        const writer = await driver.writer(at('file'), { metadata })
        await write(writer, randomBytes(size))
        await writer.close()
        await writer.commit()
        assert.deepEqual(await metadataOf(driver, at('file')), metadata)
      },
      'metadata',
    )
  }

  test(
    'of one upload is not that of another to the same path',
    async ({ driver, at }) => {
      const first = await driver.writer(at('file'), { metadata: { custom: { from: 'first' } } })
      const second = await driver.writer(at('file'), { metadata: { custom: { from: 'second' } } })
      await write(first, 'first')
      await write(second, 'second')
      await second.commit()
      await first.commit()
      assert.deepEqual((await metadataOf(driver, at('file'))).custom, { from: 'first' })
    },
    'metadata',
  )

  test(
    'moves with its file',
    async ({ driver, at, fill }) => {
      await driver.putContent(at('source'), 'x', { metadata })
      await fill(['destination'])
      await driver.move(at('source'), at('destination'))
      assert.deepEqual(await metadataOf(driver, at('destination')), metadata)
    },
    'metadata',
  )

  test(
    'has the type of the extension where that is asked for',
    async ({ driver, at }) => {
      const types = { 'a.html': 'text/html', 'b.tar.gz': 'application/gzip', 'c.WASM': 'application/wasm' }
      for (const [name, contentType] of Object.entries(types)) {
        await driver.putContent(at(name), 'x', { metadata: { contentType: 'auto' } })
        assert.equal((await metadataOf(driver, at(name))).contentType, contentType)
      }
      const writer = await driver.writer(at('upload'), { destination: at('d.png'), metadata: { contentType: 'auto' } })
      await writer.commit()
      assert.equal((await metadataOf(driver, at('d.png'))).contentType, 'image/png')
    },
    'metadata',
  )
}

async function metadataOf(driver: StorageDriver, path: string): Promise<FileMetadata> {
  const { metadata: found } = await driver.stat(path)
  assert.ok(found, 'stat tells no metadata')
  return found
}
