import { constants } from 'node:buffer'
import { describe, expect, it } from '@jest/globals'
import { type Reservation, MemoryBudget } from './memory-budget.ts'

const never = new AbortController().signal

/** The reservations in the order in which they were granted. */
function acquireAll(memory: MemoryBudget, sizes: number[], signal = never): Reservation[] {
  const granted: Reservation[] = []
  for (const size of sizes)
    memory.acquire(size, signal).then(
      reservation => granted.push(reservation),
      () => {},
    )
  return granted
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('upload memory', () => {
  it('is granted in order, also when a later and smaller request would fit', async () => {
    const memory = new MemoryBudget(10)
    const granted = acquireAll(memory, [6, 6, 1])
    await settled()
    expect(granted.map(({ size }) => size)).toEqual([6])
    granted[0]?.release()
    await settled()
    expect(granted.map(({ size }) => size)).toEqual([6, 6, 1])
    expect(memory.used).toBe(7)
  })

  it('goes to one that is larger than all of it once nothing else is out', async () => {
    const memory = new MemoryBudget(10)
    const granted = acquireAll(memory, [5, 50, 5])
    await settled()
    expect(granted).toHaveLength(1)
    granted[0]?.release()
    await settled()
    expect(granted[1]?.size).toBe(50)
    expect(granted).toHaveLength(2)
    granted[1]?.release()
    await settled()
    expect(granted).toHaveLength(3)
  })

  it('lets those behind pass when a waiting one gives up', async () => {
    const memory = new MemoryBudget(10)
    const [first] = [await memory.acquire(8, never)]
    const leaving = new AbortController()
    const large = memory.acquire(9, leaving.signal)
    const small = memory.acquire(2, never)
    const reason = new Error('left')
    leaving.abort(reason)
    await expect(large).rejects.toBe(reason)
    expect((await small).size).toBe(2)
    first?.release()
  })

  it('is not granted to one that has given up already', async () => {
    const memory = new MemoryBudget(10)
    await expect(memory.acquire(1, AbortSignal.abort(new Error('left')))).rejects.toThrow('left')
    expect(memory.used).toBe(0)
  })

  it('is not counted where there is none to be had, and others get theirs', async () => {
    const memory = new MemoryBudget(10)
    const tooMuch = memory.acquire(constants.MAX_LENGTH, never)
    const behind = memory.acquire(10, never)
    await expect(tooMuch).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/smaller chunksize/),
    })
    expect(memory.used).toBe(10)
    ;(await behind).release()
    expect(memory.used).toBe(0)
  })

  it('is counted back once, however often it is released', async () => {
    const memory = new MemoryBudget(10)
    const other = await memory.acquire(4, never)
    const reservation = await memory.acquire(4, never)
    reservation.release()
    reservation.release()
    expect(memory.used).toBe(4)
    other.release()
  })

  it('is used again while uploads go on, unless a request may still be reading it', async () => {
    const memory = new MemoryBudget(30)
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
    const memory = new MemoryBudget(30)
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

describe('memory that somebody holds without using it', () => {
  const idleTimeoutMs = 20

  /** Holds memory and offers it; tells when it was asked for. */
  class Holder {
    readonly name: string
    readonly #reservation: Reservation
    readonly #asked: string[]

    constructor(name: string, reservation: Reservation, asked: string[]) {
      this.name = name
      this.#reservation = reservation
      this.#asked = asked
    }

    async evict(): Promise<void> {
      this.#asked.push(this.name)
      await settled()
      this.#reservation.release()
    }
  }

  async function hold(memory: MemoryBudget, names: string): Promise<{ holders: Holder[]; asked: string[] }> {
    const asked: string[] = []
    const holders: Holder[] = []
    for (const name of names) holders.push(new Holder(name, await memory.acquire(1, never), asked))
    return { holders, asked }
  }

  it('is asked for while another waits, from those who are idle longest first', async () => {
    const memory = new MemoryBudget(3, idleTimeoutMs)
    const { holders, asked } = await hold(memory, 'abc')
    for (const index of [1, 2, 0]) memory.offer(holders[index]!)
    const since = performance.now()
    await memory.acquire(2, never)
    expect(asked).toEqual(['b', 'c'])
    expect(performance.now() - since).toBeGreaterThan(idleTimeoutMs / 2)
    expect(memory.used).toBe(3)
  })

  it('is not asked for when nobody waits, nor from one who went on using it', async () => {
    const memory = new MemoryBudget(2, idleTimeoutMs)
    const { holders, asked } = await hold(memory, 'ab')
    for (const holder of holders) memory.offer(holder)
    await new Promise(resolve => setTimeout(resolve, 2 * idleTimeoutMs))
    expect(asked).toEqual([])
    memory.withdraw(holders[0]!)
    await memory.acquire(1, never)
    expect(asked).toEqual(['b'])
  })

  it('is asked for one at a time, and from the next when one could not give', async () => {
    const memory = new MemoryBudget(2, idleTimeoutMs)
    const { holders, asked } = await hold(memory, 'ab')
    let tries = 0
    const unable = {
      async evict(): Promise<void> {
        tries++
        await settled()
        expect(asked).toEqual([])
        memory.offer(unable)
      },
    }
    memory.offer(unable)
    memory.offer(holders[1]!)
    await memory.acquire(1, never)
    expect([tries, asked]).toEqual([1, ['b']])
  })
})
