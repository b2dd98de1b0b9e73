import assert from 'node:assert/strict'
import { once } from 'node:events'
import { assertBytes, assertContent, assertFails, exists, rejectionOf, together, write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { TestContext } from '../test-context.ts'
import type { ContractSection } from '../contract-section.ts'
import { interleavedWriters, isCommitted } from './concurrent-writers.ts'

/** `writer` with a `destination`: uploads to one path whose commit puts the file at another. */
export const testDestination: ContractSection = (test, { chunkSizes, largeFile }) => {
  for (const size of new Set([0, 1, 32, ...chunkSizes, largeFile])) {
    test(`a commit puts ${size} bytes there, and leaves nothing at the path`, async context => {
      const { driver, at } = context
      const content = randomBytes(size)
      const writer = await driver.writer(at('uploads/1/data'), { destination: at('files/a/b') })
      if (size > 0) await write(writer, content)
      await context.assertAbsent('files')
      await writer.commit()
      await assertContent(driver, at('files/a/b'), content)
      assert.equal((await driver.stat(at('files/a/b'))).size, size)
      await assertNothingAt('uploads/1/data', context)
      await context.assertAbsent('uploads')
    })
  }

  for (const size of new Set([0, ...chunkSizes])) {
    test(`a commit after a close puts ${size} bytes there`, async context => {
      const { driver, at, openWriter, assertAbsent } = context
      const writer = await openWriter('source', randomBytes(size), { destination: at('destination') })
      await writer.close()
      await assertAbsent('destination')
      await writer.commit()
      await assertContent(driver, at('destination'), randomBytes(size))
      await assertNothingAt('source', context)
    })

    test(`a commit in another process puts ${size} bytes and more there`, async context => {
      const { at, leaveUpload, another } = context
      await leaveUpload('source', randomBytes(size))
      const driver = await another()
      const writer = await driver.writer(at('source'), { append: true, destination: at('destination') })
      assert.equal(writer.size, size)
      await write(writer, 'more')
      await writer.commit()
      await assertContent(driver, at('destination'), Buffer.concat([randomBytes(size), Buffer.from('more')]))
      await assertNothingAt('source', context)
    })

    test(`two uploads of ${size} bytes at one path go each to its own`, async context => {
      const { driver, at } = context
      const names = ['one', 'other'] as const
      for (const state of ['open', 'closed'] as const) {
        const writers = await interleavedWriters(context, 'source', size, names)
        if (state === 'closed') for (const { writer } of writers) await writer.close()
        const committed: boolean[] = []
        await together(writers.map(async ({ writer }, index) => (committed[index] = await isCommitted(writer))))
        assert.ok(committed.includes(true), 'both commits are refused')
        for (const [index, { content }] of writers.entries()) {
          const name = names[index] ?? ''
          if (!committed[index]) await context.assertAbsent(name)
          else {
            await assertContent(driver, at(name), content)
            await driver.delete(at(name))
          }
        }
        await assertNothingAt('source', context)
      }
    })
  }

  test('is that of the writer which commits, not of those before', async context => {
    const { driver, at, leaveUpload, openWriter, assertAbsent } = context
    await leaveUpload('a', 'content', { destination: at('forgotten') })
    await (await openWriter('a', '', { append: true })).commit()
    await assertContent(driver, at('a'), Buffer.from('content'))
    await leaveUpload('b', 'content', { destination: at('forgotten') })
    await (await openWriter('b', '', { append: true, destination: at('destination') })).commit()
    await assertContent(driver, at('destination'), Buffer.from('content'))
    await assertNothingAt('b', context)
    await assertAbsent('forgotten')
  })

  test('keeps what is there until the commit, and then replaces it', async ({ driver, another, at, openWriter }) => {
    await driver.putContent(at('destination'), randomBytes(1000))
    for (const size of [10, ...chunkSizes]) {
      const before = Buffer.from(await driver.getContent(at('destination')))
      const writer = await openWriter('source', randomBytes(size), { destination: at('destination') })
      await assertContent(driver, at('destination'), before)
      await writer.close()
      await assertContent(await another(), at('destination'), before)
      await writer.commit()
      await assertContent(await another(), at('destination'), randomBytes(size))
    }
  })

  test('a cancel keeps what is there', async context => {
    const { driver, at, fill, openWriter } = context
    await fill(['destination'])
    for (const state of ['open', 'closed'] as const) {
      const writer = await openWriter('source', 'content', { destination: at('destination') })
      if (state === 'closed') await writer.close()
      await writer.cancel()
      await assertContent(driver, at('destination'), Buffer.from('destination'))
      await assertNothingAt('source', context)
    }
  })

  test('may be the path itself', async context => {
    const { driver, at, fill, openWriter, leaveUpload } = context
    await fill(['file'])
    await leaveUpload('file', 'content', { destination: at('file') })
    await assertContent(driver, at('file'), Buffer.from('file'))
    await (await openWriter('file', ' and more', { append: true, destination: at('file') })).commit()
    await assertContent(driver, at('file'), Buffer.from('content and more'))
    await context.assertNoUploads()
  })

  test('a commit never puts the file at a path where another was committed before', async context => {
    const { driver, at, fill, openWriter } = context
    await fill(['source'])
    await (await openWriter('source', 'content', { destination: at('destination') })).commit()
    await assertContent(driver, at('destination'), Buffer.from('content'))
    if (await exists(driver.stat(at('source')))) await assertContent(driver, at('source'), Buffer.from('source'))
    await context.assertNoUploads()
  })

  test('appends to nothing but to an empty file', async ({ driver, at, fill, openWriter }) => {
    const options = { append: true, destination: at('destination') }
    const about = (name: string) => ({ driver, path: at(name) })
    await fill(['destination', 'file'])
    await assertFails(driver.writer(at('source'), options), 'PATH_NOT_FOUND', about('source'))
    await assertFails(driver.writer(at('file'), options), 'ALREADY_COMMITTED', about('file'))
    await driver.putContent(at('empty'), '')
    await (await openWriter('empty', 'content', options)).commit()
    await assertContent(driver, at('destination'), Buffer.from('content'))
  })

  test('keeps the upload that was left there', async context => {
    const { driver, at, leaveUpload, openWriter } = context
    await leaveUpload('destination', 'left')
    await (await openWriter('source', 'content', { destination: at('destination') })).commit()
    await assertContent(driver, at('destination'), Buffer.from('content'))
    const left = await driver.writer(at('destination'), { append: true })
    assert.equal(left.size, 4)
    await left.commit()
    await assertContent(driver, at('destination'), Buffer.from('left'))
    await context.assertNoUploads()
  })

  test('a commit that is aborted puts nothing there and keeps the upload', async context => {
    const { driver, at, fill, openWriter, assertAbsent } = context
    await fill(['destination'])
    const writer = await openWriter('source', 'content', { destination: at('destination') })
    const reason = new Error('too slow')
    assert.equal(await rejectionOf(writer.commit({ signal: AbortSignal.abort(reason) })), reason)
    await writer.close()
    await assertContent(driver, at('destination'), Buffer.from('destination'))
    await assertAbsent('source')
    await (await openWriter('source', '', { append: true, destination: at('destination') })).commit()
    await assertContent(driver, at('destination'), Buffer.from('content'))
  })

  test('gets nothing from a writer that is destroyed', async ({ at, openWriter, assertAbsent }) => {
    const writer = await openWriter('source', 'content', { destination: at('destination') })
    await once(writer.destroy(), 'close')
    await rejectionOf(writer.commit())
    await assertAbsent('destination')
    await assertAbsent('source')
  })

  test('of many uploads to one, each at a path of its own, one is left, whole', async context => {
    const { driver, at } = context
    const contents = [1, 2, 3, 4].map(seed => randomBytes(Math.ceil(largeFile / seed), seed))
    await together(
      contents.map(async (content, index) => {
        const writer = await driver.writer(at(`sources/${index}`), { destination: at('destination') })
        await write(writer, content)
        await writer.commit()
      }),
    )
    const left = await driver.getContent(at('destination'))
    const expected = contents.find(content => content.length === left.length)
    assert.ok(expected, `${left.length} bytes are left, which nobody published`)
    assertBytes(left, expected)
    await context.assertAbsent('sources')
    await context.assertNoUploads()
  })
}

/** Fails unless neither a file nor an upload is at `name`. */
async function assertNothingAt(
  name: string,
  { driver, at, assertAbsent, assertNoUploads }: TestContext,
): Promise<void> {
  await assertAbsent(name)
  const about = { driver, path: at(name) }
  await assertFails(driver.writer(at(name), { append: true }), 'PATH_NOT_FOUND', about)
  await assertNoUploads()
}
