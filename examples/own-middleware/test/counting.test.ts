import { readFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it } from '@jest/globals'
import { compose, inmemory } from '@longshore/middleware-core'
import { counting } from '../src/counting.ts'

describe('the counting middleware', () => {
  it('counts what is written and read', async () => {
    const counts = { read: 0, written: 0 }
    const storage = compose(inmemory(), counting(counts))
    const writer = await storage.writer('/file')
    await pipeline([Buffer.alloc(1000), Buffer.alloc(500)], writer, { end: false })
    await writer.commit()
    for await (const _ of await storage.reader('/file', { offset: 1000, length: 100 }));
    expect(counts).toEqual({ read: 100, written: 1500 })
  })

  it('is less than 40 lines', async () => {
    const source = await readFile(new URL('../src/counting.ts', import.meta.url), 'utf8')
    expect(source.split('\n').length).toBeLessThan(40)
  })
})
