import { describe, expect, it } from '@jest/globals'
import { driverFrom } from '../../authoring/base-driver.ts'
import type { StorageDriver } from '../../contract/index.ts'
import { findCapabilities, testDriver } from '../../testing/index.ts'
import { InMemoryDriver } from './driver.ts'
import { inmemory } from './index.ts'

const storage = new InMemoryDriver()
const create = (): StorageDriver => driverFrom('inmemory', storage, inmemory().capabilities)

testDriver(
  { describe, it },
  { name: 'inmemory', create, capabilities: await findCapabilities(create), exclusive: true, manyFiles: 1005 },
)

describe('inmemory', () => {
  it('keeps a storage of its own for each driver', async () => {
    const [one, other] = [inmemory(), inmemory()]
    await one.putContent('/file', 'content')
    expect(await one.list('/')).toEqual(['/file'])
    expect(await other.list('/')).toEqual([])
  })

  it('has no options', () => {
    expect(() => inmemory({ bucket: 'b' } as never)).toThrow('inmemory options.bucket: unknown option. Accepted: none')
  })

  it('keeps the age of an upload up to date', async () => {
    const driver = inmemory()
    const writer = await driver.writer('/file')
    const opened = new Date()
    while (new Date() <= opened) await new Promise(resolve => setImmediate(resolve))
    writer.write('content')
    await writer.close()
    expect(await driver.purgeUploads({ olderThan: opened })).toEqual({ uploads: 0 })
  })

  it('never refuses a commit because of another writer on the path', async () => {
    const driver = inmemory()
    const writers = [await driver.writer('/file'), await driver.writer('/file'), await driver.writer('/file')]
    for (const [index, writer] of writers.entries()) writer.write(`${index}`)
    for (const index of [1, 0, 2]) {
      await writers[index]?.commit()
      expect(Buffer.from(await driver.getContent('/file')).toString()).toBe(`${index}`)
    }
  })

  it('does not commit an upload that was purged', async () => {
    const driver = inmemory()
    const writer = await driver.writer('/file')
    expect(await driver.purgeUploads({ olderThan: new Date(Date.now() + 1000) })).toEqual({ uploads: 1 })
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND', driver: 'inmemory', path: '/file' })
  })

  it('shows a walk only what is still there', async () => {
    const driver = inmemory()
    for (const file of ['/a', '/b/c', '/d']) await driver.putContent(file, 'content')
    const seen: string[] = []
    for await (const { path } of driver.walk('/')) {
      if (path === '/a') await driver.delete('/b')
      seen.push(path)
    }
    expect(seen).toEqual(['/a', '/d'])
  })
})
