import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { assertContent, rejectionOf } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** `putStream`: a stream of unknown length, whole or not at all. */
export const testPutStream: ContractSection = (test, { chunkSizes, largeFile }) => {
  for (const size of new Set([0, 1, ...chunkSizes, largeFile])) {
    test(`stores ${size} bytes and tells of its progress`, async ({ driver, at, assertNoUploads }) => {
      const content = randomBytes(size)
      const progress: number[] = []
      const source = Readable.from(pieces(content))
      await driver.putStream(at('file'), source, { onProgress: bytes => progress.push(bytes) })
      await assertContent(driver, at('file'), content)
      assert.deepEqual(
        progress,
        progress.toSorted((a, b) => a - b),
      )
      if (size > 0) assert.equal(progress.at(-1), size)
      await assertNoUploads()
    })
  }

  test('takes what is no stream but gives bytes', async ({ driver, at }) => {
    await driver.putStream(at('file'), Readable.from(pieces(Buffer.from('content'))).iterator())
    await assertContent(driver, at('file'), Buffer.from('content'))
  })

  test('leaves nothing of a stream that breaks', async ({ driver, at, fill, assertAbsent, assertNoUploads }) => {
    await fill(['there'])
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield randomBytes(largeFile)
      throw new Error('the source broke')
    }
    const error = await rejectionOf(driver.putStream(at('file'), broken()))
    assert.match(String(error), /the source broke/)
    await rejectionOf(driver.putStream(at('there'), broken()))
    await assertAbsent('file')
    await assertContent(driver, at('there'), Buffer.from('there'))
    await assertNoUploads()
  })

  test('leaves nothing when it is aborted', async ({ driver, at, assertAbsent, assertNoUploads }) => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const source = async function* (): AsyncGenerator<Buffer> {
      yield randomBytes(largeFile)
      controller.abort(reason)
      yield randomBytes(largeFile)
    }
    const stored = driver.putStream(at('file'), source(), { signal: controller.signal })
    assert.equal(await rejectionOf(stored), reason)
    await assertAbsent('file')
    await assertNoUploads()
  })
}

function* pieces(content: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < content.length; start += 10_000) yield content.subarray(start, start + 10_000)
}
