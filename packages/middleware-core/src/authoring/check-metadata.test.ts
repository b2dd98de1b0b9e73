import { describe, expect, it } from '@jest/globals'
import type { NewFileMetadata } from '../contract/metadata.ts'
import { assertMetadata } from './check-metadata.ts'

describe('metadata that every storage keeps', () => {
  it.each<NewFileMetadata | undefined>([
    undefined,
    {},
    { contentType: 'auto' },
    { contentType: 'text/html; charset=utf-8', cacheControl: 'public, max-age=300', contentLanguage: 'de' },
    { contentType: 'application/vnd.oci.image.manifest.v1+json', contentEncoding: 'gzip' },
    { contentDisposition: 'attachment; filename="a b.txt"' },
    { custom: { build: '4711', 'a-b-1': '~' } },
    { custom: { a: 'x'.repeat(1919) } },
    { custom: { ['a'.repeat(128)]: 'x' } },
  ])('is %j', metadata => {
    expect(() => assertMetadata(metadata)).not.toThrow()
  })
})

describe('metadata that some storage would change or refuse', () => {
  const headers: [NewFileMetadata, string][] = [
    [{ contentType: 'text' }, 'contentType; accepted: a media type, such as text/plain; charset=utf-8, or auto'],
    [{ contentType: 'text/plain\r\nx-evil: 1' }, 'contentType'],
    [{ cacheControl: '' }, 'cacheControl; accepted: printable ASCII without blanks at its ends'],
    [{ contentEncoding: ' gzip' }, 'contentEncoding'],
    [{ contentLanguage: 'de ' }, 'contentLanguage'],
    [{ contentDisposition: 'attachment; filename="é"' }, 'contentDisposition'],
    [
      { custom: { Build: '1' } },
      'custom."Build"; accepted: names of a-z 0-9 -, 128 at most, not beginning with longshore-',
    ],
    [{ custom: { '': '1' } }, 'custom.""'],
    [{ custom: { '-a': '1' } }, 'custom."-a"'],
    [{ custom: { 'longshore-id': '1' } }, 'custom."longshore-id"'],
    [{ custom: { ['a'.repeat(129)]: 'x' } }, 'custom."aaa'],
    [{ custom: { a: 'é' } }, 'custom.a; accepted: printable ASCII without blanks at its ends'],
    [{ custom: { a: 1 as never } }, 'custom.a'],
    [
      { custom: { a: 'x'.repeat(1000), b: 'x'.repeat(919) } },
      'custom; accepted: 1920 bytes of names and values together',
    ],
  ]

  it.each(headers)('is %j', (metadata, problem) => {
    expect(() => assertMetadata(metadata)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(`invalid metadata: ${problem}`),
      }),
    )
  })

  it('is not shown: it may be private', () => {
    expect(() => assertMetadata({ custom: { token: 'geheim-é' } })).toThrow(/^(?!.*geheim)/)
  })
})
