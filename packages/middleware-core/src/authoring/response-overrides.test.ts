import { describe, expect, it } from '@jest/globals'
import { responseOverrides } from './response-overrides.ts'

describe('response overrides', () => {
  it("are S3's parameters, in the order of their names", () => {
    const overrides = responseOverrides({
      contentType: 'application/pdf',
      contentLanguage: 'de',
      contentEncoding: 'gzip',
      cacheControl: 'no-store',
      disposition: 'inline',
    })
    expect(Object.entries(overrides)).toEqual([
      ['response-cache-control', 'no-store'],
      ['response-content-disposition', 'inline'],
      ['response-content-encoding', 'gzip'],
      ['response-content-language', 'de'],
      ['response-content-type', 'application/pdf'],
    ])
  })

  it.each([
    ['report.pdf', 'attachment; filename=report.pdf'],
    ['a b; "c".txt', 'attachment; filename="a b; \\"c\\".txt"'],
    ['Größe.pdf', `attachment; filename="Gr??e.pdf"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf`],
    ['日本.pdf', `attachment; filename="??.pdf"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.pdf`],
    ['🙂.pdf', expect.stringContaining(`filename*=UTF-8''%F0%9F%99%82.pdf`)],
  ])('name a file %s', (fileName, header) => {
    expect(responseOverrides({ fileName })['response-content-disposition']).toEqual(header)
  })

  it.each(['', 'a/b', 'a\\b', 'a\r\nSet-Cookie: x', 'a\u0085', 'a\u009b2J', '\ud83d'])(
    'refuse the file name %j',
    fileName => {
      expect(() => responseOverrides({ fileName })).toThrow('invalid download.fileName')
    },
  )

  it('refuse a header that could smuggle another', () => {
    expect(() => responseOverrides({ contentType: 'a\r\nb: c' })).toThrow('invalid download.content-type')
  })
})
