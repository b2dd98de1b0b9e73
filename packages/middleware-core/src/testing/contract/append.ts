import assert from 'node:assert/strict'
import { once } from 'node:events'
import { assertBytes, assertContent, assertFails, exists, write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** `writer` with `append`: uploads that outlive their writer, and their process. */
export const testAppend: ContractSection = (test, { chunkSizes }) => {
  for (const size of chunkSizes) {
    test(`continues an upload of ${size} bytes again and again`, async ({ driver, at }) => {
      const chunks = [1, 2, 3].map(seed => randomBytes(size, seed))
      for (const [index, chunk] of chunks.entries()) {
        const writer = await driver.writer(at('file'), { append: index > 0 })
        assert.equal(writer.size, index * size)
        await write(writer, chunk)
        await writer.close()
        assert.equal(writer.size, (index + 1) * size)
      }
      const last = await driver.writer(at('file'), { append: true })
      assert.equal(last.size, 3 * size)
      await last.commit()
      await assertContent(driver, at('file'), Buffer.concat(chunks))
    })

    test(`continues an upload of ${size} bytes in other processes`, async ({ at, another }) => {
      const chunks = [1, 2, 3].map(seed => randomBytes(size, seed))
      for (const [index, chunk] of chunks.entries()) {
        const driver = await another()
        const writer = await driver.writer(at('file'), { append: index > 0 })
        assert.equal(writer.size, index * size)
        await write(writer, chunk)
        await (index < 2 ? writer.close() : writer.commit())
        await driver[Symbol.asyncDispose]()
      }
      await assertContent(await another(), at('file'), Buffer.concat(chunks))
    })

    test(`continues an upload after odd numbers of bytes around ${size}`, async ({ driver, at }) => {
      const sizes = [size - 1, 2, 1, size + 1, 2 * size + 5, 3]
      const content = randomBytes(sizes.reduce((sum, bytes) => sum + bytes))
      let written = 0
      for (const [index, bytes] of sizes.entries()) {
        const writer = await driver.writer(at('file'), { append: index > 0 })
        assert.equal(writer.size, written)
        await write(writer, content.subarray(written, written + bytes))
        await (index < sizes.length - 1 ? writer.close() : writer.commit())
        written += bytes
      }
      await assertContent(driver, at('file'), content)
    })

    test(`what was closed at ${size} bytes survives a writer that is destroyed`, async ({
      driver,
      at,
      leaveUpload,
    }) => {
      const content = randomBytes(3 * size)
      await leaveUpload('file', content.subarray(0, size))
      const destroyed = await driver.writer(at('file'), { append: true })
      await write(destroyed, content.subarray(size))
      destroyed.destroy()
      await once(destroyed, 'close')
      const writer = await driver.writer(at('file'), { append: true })
      const kept = writer.size
      assert.ok(kept >= size && kept <= 3 * size, `kept ${kept} bytes of ${3 * size}, of which ${size} were closed`)
      await writer.commit()
      await assertContent(driver, at('file'), content.subarray(0, kept))
    })

    test(`a writer that is destroyed at once leaves nothing but what it wrote, ${size} bytes`, async ({
      driver,
      at,
    }) => {
      const content = randomBytes(size)
      const destroyed = await driver.writer(at('file'))
      await write(destroyed, content)
      destroyed.destroy()
      await once(destroyed, 'close')
      if (!(await exists(driver.writer(at('file'), { append: true }).then(writer => writer.close())))) return
      const writer = await driver.writer(at('file'), { append: true })
      assert.ok(writer.size <= size)
      await writer.commit()
      assertBytes(await driver.getContent(at('file')), content.subarray(0, writer.size))
    })
  }

  test('continues an upload that was closed empty', async ({ driver, at, openWriter }) => {
    const empty = await driver.writer(at('file'))
    await empty.close()
    const again = await driver.writer(at('file'), { append: true })
    assert.equal(again.size, 0)
    await again.close()
    const writer = await openWriter('file', 'content', { append: true })
    await writer.commit()
    await assertContent(driver, at('file'), Buffer.from('content'))
  })

  test('a continued upload can be cancelled', async ({ driver, at, openWriter, leaveUpload, assertAbsent }) => {
    await leaveUpload('file', 'content')
    const writer = await openWriter('file', 'more', { append: true })
    await writer.cancel()
    await assertAbsent('file')
    await assertFails(driver.writer(at('file'), { append: true }), 'PATH_NOT_FOUND', { driver, path: at('file') })
  })

  test('a cancelled upload leaves nothing to the next', async ({ driver, at, openWriter }) => {
    const cancelled = await openWriter('file', 'cancelled')
    await cancelled.close()
    await cancelled.cancel()
    const writer = await openWriter('file', 'content')
    assert.equal(writer.size, 7)
    await writer.close()
    const continued = await driver.writer(at('file'), { append: true })
    assert.equal(continued.size, 7)
    await continued.commit()
    await assertContent(driver, at('file'), Buffer.from('content'))
  })

  test('replaces a committed empty file', async ({ driver, at }) => {
    await driver.putContent(at('file'), '')
    const writer = await driver.writer(at('file'), { append: true })
    assert.equal(writer.size, 0)
    await write(writer, randomBytes(32))
    await assertContent(driver, at('file'), Buffer.alloc(0))
    await writer.close()
    assert.equal(writer.size, 32)
    const continued = await driver.writer(at('file'), { append: true })
    assert.equal(continued.size, 32)
    await continued.commit()
    await assertContent(driver, at('file'), randomBytes(32))
  })

  test('conflicts with a committed file that has content', async ({ driver, at, fill, openWriter }) => {
    const about = (name: string) => ({ driver, path: at(name) })
    await fill(['put'])
    await assertFails(driver.writer(at('put'), { append: true }), 'ALREADY_COMMITTED', about('put'))
    const writer = await openWriter('uploaded', 'content')
    await writer.close()
    await writer.commit()
    await assertFails(driver.writer(at('uploaded'), { append: true }), 'ALREADY_COMMITTED', about('uploaded'))
    await assertContent(driver, at('uploaded'), Buffer.from('content'))
  })

  test('finds nothing where only siblings are', async ({ driver, at, fill, leaveUpload }) => {
    await leaveUpload('ab', 'content')
    await leaveUpload('a-b', 'content')
    await fill(['a.b', 'a0'])
    await assertFails(driver.writer(at('a'), { append: true }), 'PATH_NOT_FOUND', { driver, path: at('a') })
    await driver.putContent(at('a'), '')
    const writer = await driver.writer(at('a'), { append: true })
    assert.equal(writer.size, 0)
    await writer.cancel()
    const sibling = await driver.writer(at('ab'), { append: true })
    assert.equal(sibling.size, 7)
    await sibling.commit()
    await assertContent(driver, at('ab'), Buffer.from('content'))
  })
}
