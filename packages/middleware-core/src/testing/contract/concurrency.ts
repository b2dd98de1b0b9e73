import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { assertBytes, assertContent, bytesOf, positionsOf, together } from '../assertions.ts'
import { integerBelow, randomBytes, randomFrom } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

const eight = [1, 2, 3, 4, 5, 6, 7, 8]

/** Calls under way at the same time. */
export const testConcurrency: ContractSection = (test, { largeFile }) => {
  test('many readers of one file, each from an offset of its own', async ({ driver, at }) => {
    const content = randomBytes(largeFile)
    await driver.putContent(at('file'), content)
    const random = randomFrom(largeFile)
    const offsets = Array.from({ length: 10 }, () => integerBelow(random, largeFile))
    await together(
      offsets.map(async offset => {
        assertBytes(await bytesOf(await driver.reader(at('file'), { offset })), content.subarray(offset))
      }),
    )
  })

  test('many writers, each on a path of its own', async ({ driver, at }) => {
    const size = Math.ceil(largeFile / eight.length)
    await together(
      eight.map(async seed => {
        const writer = await driver.writer(at(`files/${seed}`))
        await pipeline(Readable.from(randomBytes(size, seed), { objectMode: false }), writer, { end: false })
        await writer.commit()
      }),
    )
    for (const seed of eight) await assertContent(driver, at(`files/${seed}`), randomBytes(size, seed))
  })

  test('many contents put on one path: one of them is left, whole', async ({ driver, at }) => {
    const contents = eight.map(seed => randomBytes(1000 + seed, seed))
    await together(contents.map(content => driver.putContent(at('file'), content)))
    const left = await driver.getContent(at('file'))
    const expected = contents.find(content => content.length === left.length)
    assert.ok(expected, `${left.length} bytes are left, which nobody put there`)
    assertBytes(left, expected)
  })

  test('puts, moves and deletes in one directory', async ({ driver, at }) => {
    await together(
      eight.map(async seed => {
        await driver.putContent(at(`files/${seed}`), `${seed}`)
        await driver.move(at(`files/${seed}`), at(`files/moved-${seed}`))
        if (seed % 2 === 0) await driver.delete(at(`files/moved-${seed}`))
      }),
    )
    const expected = eight.filter(seed => seed % 2 === 1).map(seed => at(`files/moved-${seed}`))
    assert.deepEqual(await positionsOf(driver.walk(at('files'))), expected)
    for (const path of expected) await assertContent(driver, path, Buffer.from(path.slice(-1)))
  })
}
