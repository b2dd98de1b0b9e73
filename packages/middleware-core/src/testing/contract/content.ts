import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { assertBytes, assertContent, assertFails, together } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** `getContent` and `putContent`. */
export const testContent: ContractSection = (test, { largeFile }) => {
  const contents: [string, Uint8Array][] = [
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('a')],
    ['a letter of two bytes', Buffer.from([0xc3, 0x9f])],
    ['bytes that are no UTF-8', Buffer.from([0x80, 0x80, 0x80, 0x80])],
    ['32 bytes', randomBytes(32)],
    [`${largeFile} bytes`, randomBytes(largeFile)],
  ]
  for (const [name, content] of contents) {
    test(`gives back ${name}`, async ({ driver, at }) => {
      await driver.putContent(at('file'), content)
      await assertContent(driver, at('file'), content)
      assert.equal((await driver.stat(at('file'))).size, content.length)
    })
  }

  test('stores a text as UTF-8', async ({ driver, at }) => {
    await driver.putContent(at('file'), 'stra\u00dfe \u{1f6a2}')
    await assertContent(driver, at('file'), Buffer.from('stra\u00dfe \u{1f6a2}'))
  })

  test('stores a part of a buffer without the rest', async ({ driver, at }) => {
    await driver.putContent(at('file'), new Uint8Array(Buffer.from('0123456789')).subarray(3, 6))
    await assertContent(driver, at('file'), Buffer.from('345'))
  })

  test('replaces the whole content', async ({ driver, at }) => {
    for (const size of [4096, 2048, 5000, 0, 1]) {
      const content = randomBytes(size)
      await driver.putContent(at('file'), content)
      await assertContent(driver, at('file'), content)
      assert.equal((await driver.stat(at('file'))).size, size)
    }
  })

  test('keeps a copy of what it was given', async ({ driver, at }) => {
    const content = Buffer.from('content')
    await driver.putContent(at('file'), content)
    content.fill(0)
    await assertContent(driver, at('file'), Buffer.from('content'))
  })

  test('gives a copy away', async ({ driver, at }) => {
    await driver.putContent(at('file'), 'content')
    const given = await driver.getContent(at('file'))
    given.fill(0)
    await assertContent(driver, at('file'), Buffer.from('content'))
  })

  test('a directory has no content', async ({ driver, at, fill }) => {
    await fill(['directory/file'])
    await assertFails(driver.getContent(at('directory')), 'PATH_NOT_FOUND', { driver, path: at('directory') })
  })

  test('a file is no directory', async ({ driver, at, fill }) => {
    await fill(['file'])
    await assertFails(driver.getContent(at('file/child')), 'PATH_NOT_FOUND', { driver, path: at('file/child') })
  })

  test('a reader sees the old content or the new one, whole', async ({ driver, at }) => {
    const contents = [randomBytes(5000), randomBytes(70_000)] as const
    await driver.putContent(at('file'), contents[0])
    const replace = async (): Promise<void> => {
      for (let round = 1; round <= 8; round += 1) await driver.putContent(at('file'), contents[round % 2 ? 1 : 0])
    }
    const read = async (): Promise<void> => {
      for (let round = 1; round <= 20; round += 1) {
        const found = await driver.getContent(at('file'))
        assertBytes(found, found.length === contents[0].length ? contents[0] : contents[1])
        await setImmediate()
      }
    }
    await together([replace(), read()])
  })
}
