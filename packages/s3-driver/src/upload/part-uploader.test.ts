import { describe, expect, it } from '@jest/globals'
import type { MultipartUpload } from '../multipart/multipart-upload.ts'
import { MemoryBudget } from './memory-budget.ts'
import { PartBuffer } from './part-buffer.ts'
import { PartUploader } from './part-uploader.ts'
import type { UploadState } from './state.ts'

const { signal } = new AbortController()
const size = 100_000

/** An upload whose parts end as told. */
function uploader(end: () => Promise<{ number: number; etag: string; size: number }>): PartUploader {
  const multipart = { id: 'm', uploadPart: end } as unknown as MultipartUpload
  return new PartUploader({ parts: [], orphaned: {}, multipart } as unknown as UploadState, 4, {})
}

async function bufferOf(memory: MemoryBudget): Promise<{ buffer: PartBuffer; memory: ArrayBufferLike }> {
  const buffer = new PartBuffer(size, memory, () => Promise.reject(new Error('not asked to')))
  await buffer.reserve(signal)
  return { buffer, memory: buffer.bytes.buffer }
}

describe('the memory of a part', () => {
  it.each([
    ['is used again once it was sent', true],
    ['is not used again when its request was cut off and may still be reading it', false],
  ])('%s', async (_, isSent) => {
    const budget = new MemoryBudget(3 * size)
    await bufferOf(budget)
    const { buffer, memory } = await bufferOf(budget)
    const parts = uploader(() =>
      isSent ? Promise.resolve({ number: 1, etag: 'e', size }) : Promise.reject(new Error('cut off')),
    )
    parts.send(buffer, () => Promise.reject(new Error('is there already')))
    await parts.drain().catch(() => {})
    expect(budget.used).toBe(size)
    expect((await bufferOf(budget)).memory === memory).toBe(isSent)
  })
})
