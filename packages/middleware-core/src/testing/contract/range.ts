import { assertBytes, assertFails, bytesOf } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** Ranges of `reader`: exactly those bytes. */
export const testRange: ContractSection = (test, { largeFile }) => {
  const size = 1000
  const content = randomBytes(size)
  const ranges: readonly [offset: number, length: number][] = [
    [0, 1],
    [0, size],
    [0, size + 1],
    [10, 20],
    [size - 1, 1],
    [size - 1, 100],
    [size, 1],
    [size + 50, 10],
    [0, 0],
    [10, 0],
    [0, Number.MAX_SAFE_INTEGER],
  ]
  for (const [offset, length] of ranges) {
    test(`of ${length} bytes from ${offset} on has those of 1000`, async ({ driver, at }) => {
      await driver.putContent(at('file'), content)
      const found = await bytesOf(await driver.reader(at('file'), { offset, length }))
      assertBytes(found, content.subarray(offset, Math.min(size, offset + length)))
    })
  }

  test('of a large file has those bytes', async ({ driver, at }) => {
    const large = randomBytes(largeFile)
    await driver.putContent(at('file'), large)
    const [offset, length] = [Math.floor(largeFile / 3), Math.floor(largeFile / 2)]
    assertBytes(
      await bytesOf(await driver.reader(at('file'), { offset, length })),
      large.subarray(offset, offset + length),
    )
  })

  test('of an empty file is empty', async ({ driver, at }) => {
    await driver.putContent(at('file'), '')
    assertBytes(await bytesOf(await driver.reader(at('file'), { offset: 0, length: 10 })), Buffer.alloc(0))
  })

  test('of what is not there is not found, however short', async ({ driver, at }) => {
    for (const length of [0, 1]) {
      await assertFails(driver.reader(at('file'), { length }), 'PATH_NOT_FOUND', { driver, path: at('file') })
    }
  })

  test(
    'is of the revision that was asked for',
    async ({ driver, at, fill }) => {
      await fill(['file'])
      const { revision } = await driver.stat(at('file'))
      await driver.putContent(at('file'), 'other')
      const options = { offset: 1, length: 2, ifRevision: revision }
      await assertFails(driver.reader(at('file'), options), 'PRECONDITION_FAILED', { driver, path: at('file') })
    },
    'revisions',
  )
}
