import { describe, expect, it } from '@jest/globals'
import { inMemoryWith } from '../../test/in-memory-with.ts'
import { driverFrom } from './base-driver.ts'
import type { DriverImplementation } from './driver-implementation.ts'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'

describe('capabilities', () => {
  it('are none unless they are declared, and cannot be changed', () => {
    const { capabilities } = driverFrom('mine', inMemoryWith({}), { metadata: true })
    expect(capabilities).toMatchObject({ metadata: true, urls: false, putIfAbsent: false })
    expect(Object.isFrozen(capabilities)).toBe(true)
  })

  it.each([true, 'varies'] as const)('that are %p let an option through to the storage', async metadata => {
    const seen: unknown[] = []
    const putContent: DriverImplementation['putContent'] = async (_path, _content, options) => {
      seen.push(options.metadata)
      return {}
    }
    const driver = driverFrom('mine', inMemoryWith({ putContent }), { metadata })
    await driver.putContent('/a', 'x', { metadata: { contentType: 'text/plain' } })
    expect(seen).toEqual([{ contentType: 'text/plain' }])
  })

  it('decide whether there is a URL, whatever the storage would give', async () => {
    const url = { url: 'https://example.com/a', expiresAt: new Date(0), via: 'mine' }
    const withUrls = inMemoryWith({ urlFor: async () => url })
    const download = { fileName: 'a.txt' }
    expect(await driverFrom('mine', withUrls).urlFor('/a')).toBeUndefined()
    const plain = driverFrom('mine', withUrls, { urls: true })
    expect(await plain.urlFor('/a')).toBe(url)
    expect(await plain.urlFor('/a', { download })).toBeUndefined()
    expect(await driverFrom('mine', withUrls, { urls: true, downloads: true }).urlFor('/a', { download })).toBe(url)
  })

  it('that a commit needs are checked when it is called, and leave the upload as it is', async () => {
    const driver = driverFrom('mine', new InMemoryDriver())
    const writer = await driver.writer('/a')
    writer.write('content')
    await expect(writer.commit({ ifAbsent: true })).rejects.toMatchObject({ code: 'UNSUPPORTED', driver: 'mine' })
    await writer.commit()
    expect(Buffer.from(await driver.getContent('/a')).toString()).toBe('content')
  })
})
