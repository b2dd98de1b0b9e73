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
    expect(settings(text)).toEqual({ kind: 'inmemory', maxEntries })
  })

  it.each([
    ['blobdescriptor: memcached', "storage.cache.blobdescriptor: found 'memcached'"],
    ['blobdescriptorsize: -1', "storage.cache.blobdescriptorsize: found '-1'; accepted: a whole number from 0"],
  ])('does not take %s', (text, message) => {
    expect(() => settings(text)).toThrow(message)
  })

  it('says that no Redis is asked where one is described', () => {
    const config = parseConfig('storage: inmemory\nredis: { addr: "localhost:6379" }')
    expect(cacheSettings(config)).toEqual({ kind: 'inmemory', maxEntries: 10_000 })
    expect(config.warnings).toEqual([
      expect.stringMatching(/redis: has no effect; storage\.cache\.blobdescriptor is not/),
    ])
  })
})
