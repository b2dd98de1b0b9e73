import { describe, expect, it } from '@jest/globals'
import { resolveMetadata } from './media-type.ts'

describe('the content type auto', () => {
  it.each([
    ['/site/index.html', 'text/html'],
    ['/a.tar.gz', 'application/gzip'],
    ['/PHOTO.JPG', 'image/jpeg'],
    ['/module.wasm', 'application/wasm'],
    ['/a b/ünïcode.png', 'image/png'],
    ['/LICENSE', undefined],
    ['/dir.html/file', undefined],
    ['/a.unknown-extension', undefined],
  ])('of %s is %p', async (path, contentType) => {
    const resolved = await resolveMetadata(path, { metadata: { contentType: 'auto', cacheControl: 'no-store' } })
    expect(resolved.metadata).toEqual({ contentType, cacheControl: 'no-store' })
  })

  it('leaves other types, and what has none, as they are', async () => {
    for (const metadata of [{ contentType: 'text/x-special' }, {}, undefined]) {
      const options = { metadata, ifAbsent: true }
      expect(await resolveMetadata('/index.html', options)).toBe(options)
    }
  })
})
