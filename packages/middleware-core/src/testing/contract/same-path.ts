import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { assertBytes, assertContent, together, write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'
import { interleavedWriters, isCommitted } from './concurrent-writers.ts'

/** Uploads to one path that know nothing of each other. Drivers may refuse to commit one of them, but never mix them. */
export const testSamePath: ContractSection = (test, { chunkSizes, largeFile }) => {
  for (const size of chunkSizes) {
    for (const state of ['open', 'closed'] as const) {
      for (const order of ['first', 'last'] as const) {
        const opened = `the writer opened ${order} is committed first`
        test(`two ${state} writers of ${size} bytes publish their own, and ${opened}`, async context => {
          const { driver, at } = context
          const writers = await interleavedWriters(context, 'file', size)
          if (state === 'closed') for (const { writer } of writers) await writer.close()
          let published: Buffer | undefined
          for (const { writer, content } of order === 'first' ? writers : writers.toReversed()) {
            if (await isCommitted(writer)) published = content
            if (published) await assertContent(driver, at('file'), published)
          }
          assert.ok(published, 'both commits are refused')
          await context.assertNoUploads()
        })
      }
    }

    test(`cancelling one of two writers of ${size} bytes leaves the other alone`, async context => {
      const { driver, at } = context
      for (const state of ['open', 'closed'] as const) {
        for (const order of ['first', 'last'] as const) {
          const name = `${state}-${order}`
          const writers = await interleavedWriters(context, name, size)
          const [cancelled, kept] = order === 'first' ? writers : [writers[1], writers[0]]
          if (state === 'closed') await cancelled.writer.close()
          await cancelled.writer.cancel()
          await write(kept.writer, 'more')
          await kept.writer.commit()
          await assertContent(driver, at(name), Buffer.concat([kept.content, Buffer.from('more')]))
        }
      }
      await context.assertNoUploads()
    })

    test(`cancelling a writer of ${size} bytes keeps what another published meanwhile`, async context => {
      const { driver, at } = context
      const [cancelled, committed] = await interleavedWriters(context, 'file', size)
      await committed.writer.commit()
      await cancelled.writer.cancel()
      await assertContent(driver, at('file'), committed.content)
      await context.assertNoUploads()
    })

    test(`a new upload takes nothing from one of ${size} bytes that was abandoned`, async ({
      driver,
      at,
      openWriter,
    }) => {
      for (const name of ['closed', 'destroyed']) {
        const abandoned = await openWriter(name, randomBytes(size, 1))
        if (name === 'closed') await abandoned.close()
        else await once(abandoned.destroy(), 'close')
        const writer = await openWriter(name, 'content')
        assert.equal(writer.size, 7)
        await writer.commit()
        await assertContent(driver, at(name), Buffer.from('content'))
      }
    })

    test(`append continues the one of two uploads of ${size} bytes that was closed last`, async context => {
      const { driver, at } = context
      for (const order of ['first', 'last'] as const) {
        const writers = await interleavedWriters(context, order, size)
        const [earlier, later] = order === 'last' ? writers : [writers[1], writers[0]]
        await earlier.writer.close()
        await later.writer.close()
        const continued = await driver.writer(at(order), { append: true })
        assert.equal(continued.size, later.content.length)
        await continued.commit()
        await assertContent(driver, at(order), later.content)
      }
    })
  }

  for (const size of chunkSizes) {
    test(`the commit of an older writer keeps a newer upload of ${size} bytes that was closed`, async ({
      driver,
      another,
      at,
      openWriter,
      leaveUpload,
    }) => {
      const content = randomBytes(size, 2)
      const older = await openWriter('file', randomBytes(size, 1))
      await older.close()
      await leaveUpload('file', content)
      // A driver that cannot keep the two apart may refuse it.
      await isCommitted(older)
      const newer = await (await another()).writer(at('file'), { append: true })
      assert.equal(newer.size, size)
      await newer.commit()
      await assertContent(driver, at('file'), content)
    })
  }

  test('of many writers at once one is left, whole', async context => {
    const { driver, at, another } = context
    const drivers = [driver, driver, await another(), await another()]
    const contents = drivers.map((_, index) => randomBytes(Math.ceil(largeFile / (index + 1))))
    const committed: boolean[] = []
    await together(
      contents.map(async (content, index) => {
        const writer = await (drivers[index] ?? driver).writer(at('file'))
        await pipeline(Readable.from(slices(content), { objectMode: false }), writer, { end: false })
        committed[index] = await isCommitted(writer)
      }),
    )
    const left = await driver.getContent(at('file'))
    const expected = contents.find((content, index) => committed[index] && content.length === left.length)
    assert.ok(expected, `${left.length} bytes are left, which nobody published`)
    assertBytes(left, expected)
    await context.assertNoUploads()
  })
}

function* slices(content: Buffer): Iterable<Buffer> {
  const length = Math.ceil(content.length / 20)
  for (let start = 0; start < content.length; start += length) yield content.subarray(start, start + length)
}
