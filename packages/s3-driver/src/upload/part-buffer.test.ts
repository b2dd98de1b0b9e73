import { describe, expect, it } from '@jest/globals'
import { PartBuffer, type SaveBytes } from './part-buffer.ts'
import { MemoryBudget } from './memory-budget.ts'

const { signal } = new AbortController()
const size = 200_000

const cannotSave: SaveBytes = () => Promise.reject(new Error('cannot save'))

async function filled(): Promise<{ memory: MemoryBudget; part: PartBuffer; bytes: Buffer }> {
  const memory = new MemoryBudget(size)
  const part = new PartBuffer(size, memory, cannotSave)
  await part.reserve(signal)
  const bytes = Buffer.alloc(size, 'the bytes of a part')
  part.take(bytes)
  return { memory, part, bytes }
}

describe('a part that is stored behind a header', () => {
  it.each([1, 500, 100_000])(
    'comes in one piece behind it, and stays as it was: a header of %i bytes',
    async length => {
      const { part, bytes } = await filled()
      const header = Buffer.alloc(length, 'h')
      let stored = Buffer.alloc(0)
      await part.withHeader(header, async content => void (stored = Buffer.from(content)))
      expect(stored.equals(Buffer.concat([header, bytes]))).toBe(true)
      expect(part.bytes.equals(bytes)).toBe(true)
    },
  )

  it('stays as it was when that fails, while what a cut-off request may still read does not change', async () => {
    const { memory, part, bytes } = await filled()
    const header = Buffer.from('header\n')
    let sent: Uint8Array = Buffer.alloc(0)
    const failing = part.withHeader(header, content => {
      sent = content
      return Promise.reject(new Error('reset'))
    })
    await expect(failing).rejects.toThrow('reset')
    expect(part.bytes.equals(bytes)).toBe(true)
    part.free()
    const other = new PartBuffer(size, memory, cannotSave)
    await other.reserve(signal)
    other.take(Buffer.alloc(size, 'another part'))
    expect(Buffer.concat([header, bytes]).equals(sent)).toBe(true)
  })
})
