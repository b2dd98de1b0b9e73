import assert from 'node:assert/strict'
import { once } from 'node:events'
import { assertBytes, write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import { Revisions } from '../revisions.ts'
import type { ContractSection } from '../contract-section.ts'

/** Revisions of uploads. A driver may do without; those that it gives must never stand for other bytes. */
export const testUploadRevision: ContractSection = (test, { chunkSizes }) => {
  for (const size of new Set([0, ...chunkSizes])) {
    const content = randomBytes(size)

    test(
      `stays the same while ${size} bytes do`,
      async ({ at, openWriter, another }) => {
        const writer = await openWriter('file', content)
        await writer.close()
        const { revision } = writer
        assert.ok(revision, 'a closed writer tells no revision')
        const continued = await (await another()).writer(at('file'), { append: true })
        assert.equal(continued.revision, revision)
        await continued.cancel()
      },
      'uploadRevisions',
    )

    test(
      `is another once ${size} bytes have become more`,
      async ({ driver, another, at, openWriter }) => {
        const known = new Revisions()
        const first = await openWriter('file', content)
        await first.close()
        known.note(first, content)
        const grown = Buffer.concat([content, randomBytes(1), content])
        const second = await (await another()).writer(at('file'), { append: true })
        known.note(second, content)
        await write(second, grown.subarray(size))
        await second.close()
        known.note(second, grown)
        const third = await driver.writer(at('file'), { append: true })
        known.note(third, grown)
        await third.cancel()
      },
      'uploadRevisions',
    )

    test(
      `an upload of ${size} bytes has none after a write`,
      async ({ driver, at, openWriter, leaveUpload }) => {
        await leaveUpload('file', content)
        for (const options of [{ append: true }, {}]) {
          const writer = await driver.writer(at('file'), options)
          writer.write('more')
          assert.equal(writer.revision, undefined)
          await write(writer, 'and more')
          assert.equal(writer.revision, undefined)
          await writer.cancel()
        }
        const destroyed = await openWriter('file', 'content')
        await once(destroyed.destroy(), 'close')
        assert.equal(destroyed.revision, undefined)
      },
      'uploadRevisions',
    )

    test(
      `tells two uploads of ${size + 1} bytes apart`,
      async ({ openWriter }) => {
        const known = new Revisions()
        const names = ['one', 'other', 'other']
        for (const [seed, name] of names.entries()) {
          const bytes = randomBytes(size + 1, seed + 1)
          const writer = await openWriter(name, bytes)
          await writer.close()
          known.note(writer, bytes)
        }
      },
      'uploadRevisions',
    )

    test(
      `stands for nothing that was written to ${size} bytes and not closed`,
      async ({ driver, at, openWriter }) => {
        const known = new Revisions()
        const first = await openWriter('file', content)
        await first.close()
        known.note(first, content)
        const written = [randomBytes(size + 1, 1), randomBytes(size + 1, 2)]
        let left = content
        for (const chunk of written) {
          const destroyed = await openWriter('file', chunk, { append: true })
          await once(destroyed.destroy(), 'close')
          const continued = await driver.writer(at('file'), { append: true })
          // How much of it was stored is for the storage to say.
          left = Buffer.concat([left, chunk]).subarray(0, continued.size)
          known.note(continued, left)
          await continued.close()
          known.note(continued, left)
        }
        const last = await driver.writer(at('file'), { append: true })
        await last.commit()
        assertBytes(await driver.getContent(at('file')), left)
      },
      'uploadRevisions',
    )
  }

  test(
    'is that of the upload which is continued',
    async ({ driver, at, openWriter }) => {
      const known = new Revisions()
      for (const content of ['older', 'newer']) {
        const writer = await openWriter('file', content)
        await writer.close()
        known.note(writer, Buffer.from(content))
      }
      const continued = await driver.writer(at('file'), { append: true })
      known.note(continued, Buffer.from('newer'))
      await continued.commit()
      assertBytes(await driver.getContent(at('file')), Buffer.from('newer'))
    },
    'uploadRevisions',
  )
}
