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
  ])('does not take %s', (text, message) => {
    expect(() => settings(text)).toThrow(message)
  })
})
