import { describe, expect, it } from '@jest/globals'
import { parseConfig } from '@longshore/middleware-core/config'
import { storageSettings } from './storage.ts'

const settings = (text: string) => storageSettings(parseConfig(`storage: { inmemory: , ${text} }`))

describe('storage', () => {
  it('says what may be done with it', () => {
    expect(settings('delete: { enabled: true }, redirect: { disable: true }')).toMatchObject({
      deletes: true,
      redirects: false,
    })
  })

  it('deletes no unfinished uploads while it is read-only', () => {
    const { readOnly, uploadPurging } = settings('maintenance: { readonly: { enabled: true } }')
    expect(readOnly).toBe(true)
    expect(uploadPurging.enabled).toBe(false)
    expect(settings('maintenance: { uploadpurging: { enabled: false } }').uploadPurging.enabled).toBe(false)
  })

  it.each([
    [
      'maintenance: { readnly: { enabled: true } }',
      'storage.maintenance.readnly: unknown option; did you mean readonly?',
    ],
    ['maintenance: { readonly: true }', 'storage.maintenance.readonly: found a text; accepted: a mapping of options'],
    ['maintenance: { readonly: { enabled: maybe } }', "storage.maintenance.readonly.enabled: found 'maybe'"],
    ['maintenance: { uploadpurging: { age: "168" } }', 'storage.maintenance.uploadpurging.age: found'],
    ['cache: { blobdescriptor: memcached }', "storage.cache.blobdescriptor: found 'memcached'"],
    [
      'cache: { blobdescriptorsize: 0 }',
      "storage.cache.blobdescriptorsize: found '0'; accepted: a whole number from 1",
    ],
  ])('does not take %s', (text, message) => {
    expect(() => settings(text)).toThrow(message)
  })

  it('says that no Redis is asked', () => {
    const config = parseConfig('storage: { inmemory: , cache: { blobdescriptor: redis } }')
    expect(storageSettings(config).maxCached).toBeUndefined()
    expect(config.warnings).toEqual([expect.stringMatching(/^storage\.cache\.blobdescriptor: redis: has no effect/)])
  })
})
