import { describe, expect, it } from '@jest/globals'
import { parseConfig } from '@longshore/middleware-core/config'
import { cacheSettings } from './cache.ts'

const settings = (text: string) =>
  cacheSettings(parseConfig(`storage: { inmemory: ${text && `, cache: { ${text} }`} }`))

describe('storage.cache', () => {
  it.each([
    ['', 10_000],
    ['blobdescriptor: inmemory', 10_000],
    ['layerinfo: inmemory, blobdescriptorsize: 500', 500],
    ['blobdescriptorsize: 0', Number.POSITIVE_INFINITY],
    ['blobdescriptor: none', 0],
    ['blobdescriptor: none, blobdescriptorsize: 500', 0],
  ])('says how much is cached: "%s"', (text, maxEntries) => {
    expect(settings(text)).toEqual({ maxEntries })
  })

  it.each([
    ['blobdescriptor: memcached', "storage.cache.blobdescriptor: found 'memcached'"],
    ['blobdescriptorsize: -1', "storage.cache.blobdescriptorsize: found '-1'; accepted: a whole number from 0"],
  ])('does not take %s', (text, message) => {
    expect(() => settings(text)).toThrow(message)
  })

  it('says that no Redis is asked', () => {
    const config = parseConfig('storage: { inmemory: , cache: { blobdescriptor: redis } }')
    expect(cacheSettings(config)).toEqual({ maxEntries: 10_000 })
    expect(config.warnings).toEqual([expect.stringMatching(/: storage\.cache\.blobdescriptor: redis: has no effect/)])
  })
})
