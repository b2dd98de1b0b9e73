import { describe, expect, it } from '@jest/globals'
import type { WalkOptions } from '../contract/index.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { walkPosition } from '../contract/paths.ts'
import { walkByListing } from './walk-by-listing.ts'

const storage = new InMemoryDriver()
const files = ['/a/1', '/a/b/2', '/a/b-c', '/a/b.c/3', '/a/b0', '/a/bc/4', '/z']
await Promise.all(files.map(file => storage.putContent(file, Buffer.from(file), {})))

/** What a walk by listing yields, and which directories it had to list. */
async function walked(options: WalkOptions = {}, path = '/'): Promise<{ found: string[]; listed: string[] }> {
  const listed: string[] = []
  const found: string[] = []
  const driver = {
    list: (directory: string) => {
      listed.push(directory)
      return storage.list(directory)
    },
    stat: (entry: string) => storage.stat(entry),
  }
  for await (const entry of walkByListing(driver, path, options)) found.push(walkPosition(entry))
  return { found, listed }
}

const order = ['/a/', '/a/1', '/a/b-c', '/a/b.c/', '/a/b.c/3', '/a/b/', '/a/b/2', '/a/b0', '/a/bc/', '/a/bc/4', '/z']

describe('walking by listing', () => {
  it('yields the order of an object store', async () => {
    expect((await walked()).found).toEqual(order)
  })

  it('goes on after any entry without listing what lies before', async () => {
    for (const [index, startAfter] of order.entries()) {
      expect((await walked({ startAfter })).found).toEqual(order.slice(index + 1))
    }
    expect((await walked({ startAfter: '/a/b/2' })).listed).toEqual(['/', '/a', '/a/b', '/a/bc'])
  })

  it('does not list what it must not descend into', async () => {
    const { found, listed } = await walked({ descend: info => info.path !== '/a/b' })
    expect(found).toEqual(order.filter(position => position !== '/a/b/2'))
    expect(listed).toEqual(['/', '/a', '/a/b.c', '/a/bc'])
  })

  it('leaves out what vanishes between being listed and being asked for', async () => {
    const driver = { list: async () => ['/gone', '/z'], stat: (path: string) => storage.stat(path) }
    const found: string[] = []
    for await (const { path } of walkByListing(driver, '/', {})) found.push(path)
    expect(found).toEqual(['/z'])
  })

  it('stops at an abort', async () => {
    const controller = new AbortController()
    const walking = walked({
      signal: controller.signal,
      descend: () => {
        controller.abort('enough')
        return true
      },
    })
    await expect(walking).rejects.toBe('enough')
  })
})
