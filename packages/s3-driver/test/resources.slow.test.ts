import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { countConnections } from './connection-counter.ts'
import { content, part, useFixture, write } from './cloud.ts'

const bench = useFixture()

describe('connections', () => {
  it('are left to others by 300 readers, all left alone, and each can be read on', async () => {
    const driver = bench.another()
    const bytes = content(600_000)
    await bench.bucket.put('a', bytes)
    const readers = []
    for (let index = 0; index < 300; index++) readers.push(await driver.reader('/a', { offset: index }))
    await driver.putContent('/b', 'x')
    await expect(driver.stat('/b')).resolves.toMatchObject({ size: 1 })
    for (const [index, reader] of readers.entries()) {
      const read = Buffer.concat(await reader.toArray())
      expect([index, read.equals(bytes.subarray(index))]).toEqual([index, true])
    }
    // Those that are destroyed leave their connections to others, too.
    for (let index = 0; index < 300; index++) (await driver.reader('/a')).destroy()
    expect(await driver.getContent('/b')).toHaveLength(1)
  })

  it('are kept: 60 uploads of 5 MiB one after another take four at most', async () => {
    await using proxy = await countConnections(bench.cloud)
    const driver = bench.another({ regionEndpoint: proxy.endpoint })
    const bytes = content(part)
    for (let index = 0; index < 60; index++) await driver.putContent('/a', bytes)
    expect(proxy.total).toBeLessThanOrEqual(4)
    await driver[Symbol.asyncDispose]()
  })
})

describe('many uploads at once', () => {
  it('share a small budget and all finish', async () => {
    const driver = bench.another({ uploadMemory: 3 * part })
    const bytes = content(2 * part + 100)
    await Promise.all(
      Array.from({ length: 16 }, async (_, index) => {
        const writer = await driver.writer(`/f${index}`)
        for (let at = 0; at < bytes.length; at += 1_000_000) await write(writer, bytes.subarray(at, at + 1_000_000))
        await writer.commit()
      }),
    )
    expect(bench.bucket.keys()).toHaveLength(16)
    for (const key of bench.bucket.keys()) expect(bench.bucket.info(key)?.size).toBe(bytes.length)
  })
})

describe('putStream', () => {
  const chunks = Array.from({ length: 12 }, (_, index) => content(1_000_000, index + 1))

  it('takes its memory from that of all uploads, however many there are at once', async () => {
    const used: number[] = []
    const limits: number[] = []
    const listen = (message: unknown): void => {
      const trace = message as { used: number; limit: number }
      used.push(trace.used)
      limits.push(trace.limit)
    }
    subscribe('longshore:upload-memory', listen)
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => bench.driver.putStream(`/s/${index}`, Readable.from(chunks))),
    )
    unsubscribe('longshore:upload-memory', listen)
    expect(Math.max(...used)).toBeGreaterThan(part)
    expect(Math.max(...used)).toBeLessThanOrEqual(Math.max(...limits))
    for (const key of bench.bucket.keys()) expect(bench.bucket.info(key)?.size).toBe(12_000_000)
    expect(bench.bucket.keys()).toHaveLength(20)
  })
})
