import { describe, expect, it } from '@jest/globals'
import { type Lease, UploadMemory } from './upload-memory.ts'

const never = new AbortController().signal

/** The leases in the order in which they were granted. */
function acquireAll(memory: UploadMemory, sizes: number[], signal = never): Lease[] {
  const granted: Lease[] = []
  for (const size of sizes)
    memory.acquire(size, signal).then(
      lease => granted.push(lease),
      () => {},
    )
  return granted
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('upload memory', () => {
  it('is granted in order, also when a later and smaller request would fit', async () => {
    const memory = new UploadMemory(10)
    const granted = acquireAll(memory, [6, 6, 1])
    await settled()
    expect(granted.map(({ bytes }) => bytes.length)).toEqual([6])
    granted[0]?.release()
    await settled()
    expect(granted.map(({ bytes }) => bytes.length)).toEqual([6, 6, 1])
    expect(memory.used).toBe(7)
  })

  it('goes to one that is larger than all of it once nothing else is out', async () => {
    const memory = new UploadMemory(10)
    const granted = acquireAll(memory, [5, 50, 5])
    await settled()
    expect(granted).toHaveLength(1)
    granted[0]?.release()
    await settled()
    expect(granted[1]?.bytes).toHaveLength(50)
    expect(granted).toHaveLength(2)
    granted[1]?.release()
    await settled()
    expect(granted).toHaveLength(3)
  })

  it('lets those behind pass when a waiting one gives up', async () => {
    const memory = new UploadMemory(10)
    const [first] = [await memory.acquire(8, never)]
    const leaving = new AbortController()
    const large = memory.acquire(9, leaving.signal)
    const small = memory.acquire(2, never)
    const reason = new Error('left')
    leaving.abort(reason)
    await expect(large).rejects.toBe(reason)
    expect((await small).bytes).toHaveLength(2)
    first?.release()
  })

  it('is not granted to one that has given up already', async () => {
    const memory = new UploadMemory(10)
    await expect(memory.acquire(1, AbortSignal.abort(new Error('left')))).rejects.toThrow('left')
    expect(memory.used).toBe(0)
  })

  it('is counted back once, however often it is released', async () => {
    const memory = new UploadMemory(10)
    const other = await memory.acquire(4, never)
    const lease = await memory.acquire(4, never)
    lease.release()
    lease.release()
    expect(memory.used).toBe(4)
    other.release()
  })

  it('is used again while uploads go on, unless a request may still be reading it', async () => {
    const memory = new UploadMemory(30)
    const keep = await memory.acquire(10, never)
    const first = await memory.acquire(10, never)
    first.release()
    const second = await memory.acquire(10, never)
    expect(second.bytes).toBe(first.bytes)
    second.release({ reuse: false })
    expect((await memory.acquire(10, never)).bytes).not.toBe(first.bytes)
    keep.release()
  })

  it('keeps no more than its limit, what it holds for later included', async () => {
    const memory = new UploadMemory(30)
    const keep = await memory.acquire(10, never)
    const first = await memory.acquire(10, never)
    first.release()
    const large = await memory.acquire(20, never)
    large.release()
    // The first buffer had to go to make room for the large one.
    expect((await memory.acquire(10, never)).bytes).not.toBe(first.bytes)
    keep.release()
  })
})
