import assert from 'node:assert/strict'
import { once } from 'node:events'
import { assertBytes, assertFails, bytesOf } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** `reader`. */
export const testReader: ContractSection = (test, { largeFile }) => {
  const content = randomBytes(96)

  for (const offset of [0, 1, 32, 64, 95]) {
    test(`reads 96 bytes from offset ${offset} on`, async ({ driver, at }) => {
      await driver.putContent(at('file'), content)
      assertBytes(await bytesOf(await driver.reader(at('file'), { offset })), content.subarray(offset))
    })
  }

  for (const offset of [96, 97, 100_000]) {
    test(`gives nothing of 96 bytes from offset ${offset} on`, async ({ driver, at }) => {
      await driver.putContent(at('file'), content)
      assertBytes(await bytesOf(await driver.reader(at('file'), { offset })), Buffer.alloc(0))
    })
  }

  test('reads an empty file from any offset', async ({ driver, at }) => {
    await driver.putContent(at('file'), '')
    assertBytes(await bytesOf(await driver.reader(at('file'))), Buffer.alloc(0))
    assertBytes(await bytesOf(await driver.reader(at('file'), { offset: 5 })), Buffer.alloc(0))
  })

  test('streams a large file, from the beginning and from within', async ({ driver, at }) => {
    const large = randomBytes(largeFile)
    await driver.putContent(at('file'), large)
    for (const offset of [0, Math.floor(largeFile / 3), largeFile - 1, largeFile]) {
      assertBytes(await bytesOf(await driver.reader(at('file'), { offset })), large.subarray(offset))
    }
  })

  test('refuses an offset that is negative or no whole number', async ({ driver, at }) => {
    await driver.putContent(at('file'), content)
    for (const offset of [-1, -0.5, 0.5, 32.000_01, Number.NaN, Infinity, 2 ** 53]) {
      const about = { driver, path: at('file') }
      await assertFails(driver.reader(at('file'), { offset }), 'INVALID_ARGUMENT', about)
    }
  })

  test('looks at the offset before the path', async ({ driver, at }) => {
    const options = { offset: -1 }
    await assertFails(driver.reader(at('missing'), options), 'INVALID_ARGUMENT', { driver, path: at('missing') })
    await assertFails(driver.reader('illegal', options), 'INVALID_ARGUMENT', { driver, path: 'illegal' })
  })

  test('finds no file where a directory is', async ({ driver, at, fill }) => {
    await fill(['directory/file'])
    const about = { driver, path: at('directory') }
    await assertFails(driver.reader(at('directory')), 'PATH_NOT_FOUND', about)
    await assertFails(driver.reader(at('directory'), { offset: 64 }), 'PATH_NOT_FOUND', about)
  })

  test('can be destroyed at any time', async ({ driver, at }) => {
    const large = randomBytes(largeFile)
    await driver.putContent(at('file'), large)
    const unread = await driver.reader(at('file'))
    unread.destroy()
    if (!unread.closed) await once(unread, 'close')
    for await (const chunk of await driver.reader(at('file'))) {
      assert.ok((chunk as Uint8Array).length > 0)
      break
    }
    assertBytes(await bytesOf(await driver.reader(at('file'))), large)
  })

  test('never mixes the content it began with and one that replaces it', async ({ driver, at }) => {
    const before = randomBytes(largeFile, 1)
    const after = randomBytes(largeFile + 5, 2)
    await driver.putContent(at('file'), before)
    const reading = (await driver.reader(at('file')))[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    const chunks: Uint8Array[] = []
    const first = await reading.next()
    if (!first.done) chunks.push(first.value)
    await driver.putContent(at('file'), after)
    try {
      for (let next = await reading.next(); !next.done; next = await reading.next()) chunks.push(next.value)
    } catch {
      // To break off is allowed: the reader is told that what it has is not the whole.
      return
    }
    assertBytes(Buffer.concat(chunks), before)
  })
}
