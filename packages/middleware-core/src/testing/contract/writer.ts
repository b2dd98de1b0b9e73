import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { assertContent, assertFails, exists, rejectionOf, write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** `writer` without `append`, and the states of what it gives. */
export const testWriter: ContractSection = (test, { chunkSizes, largeFile }) => {
  for (const size of new Set([0, 1, 32, ...chunkSizes, largeFile])) {
    test(`publishes ${size} bytes`, async ({ driver, at }) => {
      const content = randomBytes(size)
      const writer = await driver.writer(at('file'))
      if (size > 0) await write(writer, content)
      await writer.commit()
      await assertContent(driver, at('file'), content)
      assert.equal((await driver.stat(at('file'))).size, size)
    })
  }

  test('publishes after a close', async ({ driver, at, openWriter }) => {
    const writer = await openWriter('file', 'content')
    await writer.close()
    await writer.commit()
    await assertContent(driver, at('file'), Buffer.from('content'))
  })

  test('publishes an upload that was closed empty', async ({ driver, at }) => {
    const writer = await driver.writer(at('file'))
    await writer.close()
    await writer.commit()
    await assertContent(driver, at('file'), Buffer.alloc(0))
  })

  test('publishes what a pipeline wrote, ended or not', async ({ driver, at }) => {
    const content = randomBytes(largeFile)
    const source = (): Readable => Readable.from(content, { objectMode: false })
    const open = await driver.writer(at('open'))
    await pipeline(source(), open, { end: false })
    await open.commit()
    await assertContent(driver, at('open'), content)
    const ended = await driver.writer(at('ended'))
    await pipeline(source(), ended)
    await ended.commit()
    await assertContent(driver, at('ended'), content)
  })

  test('keeps many small writes in order', async ({ driver, at }) => {
    const content = randomBytes(7000)
    const writer = await driver.writer(at('file'))
    for (let start = 0; start < content.length; start += 7) writer.write(content.subarray(start, start + 7))
    await writer.commit()
    await assertContent(driver, at('file'), content)
  })

  test('replaces what was there, shorter or longer', async ({ driver, at, openWriter }) => {
    await driver.putContent(at('file'), randomBytes(100))
    for (const size of [10, 1000]) {
      const writer = await openWriter('file', randomBytes(size))
      await writer.commit()
      await assertContent(driver, at('file'), randomBytes(size))
    }
  })

  test('keeps a copy of what it has taken over', async ({ driver, at }) => {
    const chunk = Buffer.from('content')
    const writer = await driver.writer(at('file'))
    await write(writer, chunk)
    chunk.fill(0)
    await writer.commit()
    await assertContent(driver, at('file'), Buffer.from('content'))
  })

  test('counts the bytes it has taken over', async ({ driver, at }) => {
    const writer = await driver.writer(at('file'))
    assert.equal(writer.size, 0)
    await write(writer, randomBytes(32))
    assert.equal(writer.size, 32)
    await write(writer, randomBytes(5))
    assert.equal(writer.size, 37)
    await writer.close()
    assert.equal(writer.size, 37)
    await writer.commit()
    assert.equal(writer.size, 37)
  })

  test('can be closed again, and after a commit or a cancel', async ({ driver, at, openWriter }) => {
    const committed = await openWriter('committed', 'content')
    await committed.close()
    await committed.close()
    await committed.commit()
    await committed.close()
    await assertContent(driver, at('committed'), Buffer.from('content'))
    const cancelled = await openWriter('cancelled', 'content')
    await cancelled.cancel()
    await cancelled.close()
    assert.equal(await exists(driver.writer(at('cancelled'), { append: true })), false)
  })

  test('cannot be committed twice', async ({ driver, at, openWriter }) => {
    const writer = await openWriter('file', 'content')
    await writer.commit()
    await assertFails(writer.commit(), 'INVALID_STATE', { driver, path: at('file') })
    await assertContent(driver, at('file'), Buffer.from('content'))
  })

  test('cannot be cancelled after a commit', async ({ driver, at, openWriter }) => {
    const writer = await openWriter('file', 'content')
    await writer.commit()
    await assertFails(writer.cancel(), 'INVALID_STATE', { driver, path: at('file') })
    await assertContent(driver, at('file'), Buffer.from('content'))
  })

  test('cannot be committed after a cancel', async ({ driver, at, openWriter, assertAbsent }) => {
    const writer = await openWriter('file', 'content')
    await writer.cancel()
    await assertFails(writer.commit(), 'INVALID_STATE', { driver, path: at('file') })
    await assertAbsent('file')
  })

  test('takes nothing more once closed, committed or cancelled', async ({ driver, at, openWriter }) => {
    for (const end of ['close', 'commit', 'cancel'] as const) {
      const writer = await openWriter(end, 'content')
      await writer[end]()
      await rejectionOf(write(writer, 'more'))
      if (end === 'close') await writer.commit()
      if (end !== 'cancel') await assertContent(driver, at(end), Buffer.from('content'))
    }
  })

  for (const size of new Set([0, 32, ...chunkSizes])) {
    test(`cancel discards ${size} bytes, open or closed`, async ({ driver, at, assertAbsent }) => {
      for (const name of ['open', 'closed']) {
        const writer = await driver.writer(at(name))
        if (size > 0) await write(writer, randomBytes(size))
        if (name === 'closed') await writer.close()
        await writer.cancel()
        await writer.cancel()
        await assertAbsent(name)
        const about = { driver, path: at(name) }
        await assertFails(driver.writer(at(name), { append: true }), 'PATH_NOT_FOUND', about)
      }
    })
  }

  test('cancel keeps what was committed before', async ({ driver, at, openWriter, fill }) => {
    await fill(['file'])
    const writer = await openWriter('file', 'something else')
    await writer.cancel()
    await assertContent(driver, at('file'), Buffer.from('file'))
    await assertFails(driver.writer(at('file'), { append: true }), 'ALREADY_COMMITTED', { driver, path: at('file') })
  })

  test('publishes nothing once destroyed', async ({ driver, at, openWriter, assertAbsent }) => {
    const writer = await openWriter('file', 'content')
    writer.destroy()
    await assertFails(writer.commit(), 'INVALID_STATE', { driver, path: at('file') })
    await assertAbsent('file')
  })

  test('a broken source destroys it and publishes nothing', async ({ driver, at, assertAbsent }) => {
    const writer = await driver.writer(at('file'))
    const broken = new Error('the source broke')
    const source = Readable.from(
      (async function* () {
        yield randomBytes(32)
        throw broken
      })(),
    )
    assert.equal(await rejectionOf(pipeline(source, writer)), broken)
    await rejectionOf(writer.commit())
    await assertAbsent('file')
  })
}
