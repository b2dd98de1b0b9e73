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

describe('a part that is evicted', () => {
  it('has its bytes again when they are needed, and its memory only then', async () => {
    const memory = new MemoryBudget(size)
    let saved = Buffer.alloc(0)
    const part = new PartBuffer(size, memory, async bytes => {
      saved = Buffer.from(bytes)
      return { length: saved.length, open: async () => [saved.subarray(0, 1000), saved.subarray(1000)] }
    })
    await part.reserve(signal)
    const bytes = Buffer.alloc(size - 1, 'the bytes of a part')
    part.take(bytes)
    part.unpin()
    await part.evict()
    expect([memory.used, part.length, part.isStored]).toEqual([0, size - 1, true])
    part.pin()
    await part.restore(signal)
    expect(part.bytes.equals(bytes)).toBe(true)
    expect([part.take(Buffer.from('xy')), part.isStored, part.isFull]).toEqual([1, false, true])
  })

  it('takes a few more bytes without those that it had, and has them in order again', async () => {
    const memory = new MemoryBudget(size)
    let saved = Buffer.alloc(0)
    const traffic = { saved: 0, opened: 0 }
    const part = new PartBuffer(size, memory, async bytes => {
      traffic.saved++
      saved = Buffer.from(bytes)
      const open = async (): Promise<Buffer[]> => {
        traffic.opened++
        return [saved]
      }
      return { length: saved.length, open }
    })
    await part.reserve(signal)
    const bytes = Buffer.alloc(size, '0123456789')
    part.take(bytes.subarray(0, 100_000))
    part.unpin()
    await part.evict()
    for (let at = 100_000; at < 150_000; at += 1000) {
      part.pin()
      expect(part.take(bytes.subarray(at, at + 1000))).toBe(1000)
      part.unpin()
    }
    expect([traffic, memory.used, part.length, part.isStored]).toEqual([{ saved: 1, opened: 0 }, 0, 150_000, false])
    // More than a small upload may hold needs its memory.
    expect(part.take(bytes.subarray(150_000))).toBe(65_536 - 50_000)
    await part.restore(signal)
    const rest = bytes.subarray(part.length)
    expect(part.take(rest)).toBe(rest.length)
    expect(part.bytes.equals(bytes)).toBe(true)
    expect([traffic, part.isFull]).toEqual([{ saved: 1, opened: 1 }, true])
  })

  it('keeps what came since when it cannot have its bytes again, and has all when it can', async () => {
    const memory = new MemoryBudget(size)
    let isBroken = true
    const part = new PartBuffer(size, memory, async bytes => {
      const saved = Buffer.from(bytes)
      const open = async (): Promise<Buffer[]> => (isBroken ? Promise.reject(new Error('reset')) : [saved])
      return { length: saved.length, open }
    })
    await part.reserve(signal)
    const bytes = Buffer.alloc(size, '0123456789')
    part.take(bytes.subarray(0, 100_000))
    await part.evict()
    part.take(bytes.subarray(100_000, 100_010))
    await expect(part.restore(signal)).rejects.toThrow('reset')
    expect([memory.used, part.length]).toEqual([0, 100_010])
    isBroken = false
    await part.restore(signal)
    expect(part.bytes.equals(bytes.subarray(0, 100_010))).toBe(true)
  })

  it('is not taken for whole when fewer bytes come back', async () => {
    const memory = new MemoryBudget(size)
    const part = new PartBuffer(size, memory, async bytes => ({
      length: bytes.length,
      open: async () => [Buffer.alloc(bytes.length - 1)],
    }))
    await part.reserve(signal)
    part.take(Buffer.alloc(size))
    await part.evict()
    await expect(part.restore(signal)).rejects.toThrow('of 200000 stored bytes of an upload 199999 came back')
    expect(memory.used).toBe(0)
  })

  it('keeps its bytes when they cannot be saved, and its memory from others even when it is given back', async () => {
    const { memory, part, bytes } = await filled()
    const { buffer } = part.bytes
    await part.evict()
    expect(part.bytes.equals(bytes)).toBe(true)
    part.free()
    const other = new PartBuffer(size, memory, cannotSave)
    await other.reserve(signal)
    expect(other.bytes.buffer).not.toBe(buffer)
  })
})

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
