import { describe, expect, it } from '@jest/globals'
import { children, document, element, errorDocument, parseDocument, text } from './xml.ts'

describe('XML', () => {
  it('reads the longest completion there is, entities and all', () => {
    const parts = Array.from({ length: 10_000 }, (_, index) =>
      element('Part', element('ETag', '"00"'), element('PartNumber', index + 1)),
    )
    const read = children(parseDocument('CompleteMultipartUpload', document('CompleteMultipartUpload', parts)), 'Part')
    expect(read).toHaveLength(10_000)
    expect(read.at(-1)).toEqual({ ETag: '"00"', PartNumber: '10000' })
  })

  it('keeps what keys may hold', () => {
    for (const key of [' a ', '&amp;<>"\'', 'a\rb\nc\td', '漢字😀', '0123', 'true']) {
      const read = parseDocument('Delete', document('Delete', element('Object', element('Key', key))))
      expect(children(read, 'Object').map(object => text(object, 'Key'))).toEqual([key])
    }
  })

  it.each(['', 'text', '<Delete>', '<Delete><a></Delete></a>', '<Other/>'])('refuses %j', body => {
    expect(() => parseDocument('Delete', body)).toThrow(expect.objectContaining({ code: 'MalformedXML' }))
  })

  it('writes errors without a namespace', () => {
    expect(errorDocument('NoSuchKey', 'a < b', { Key: undefined, Resource: '/k' })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<Error><Code>NoSuchKey</Code><Message>a &lt; b</Message><Resource>/k</Resource></Error>',
    )
  })
})
