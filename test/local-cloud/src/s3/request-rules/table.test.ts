import * as sdk from '@aws-sdk/client-s3'
import { describe, expect, it } from '@jest/globals'
import { EVERY_REQUEST } from './header-groups.ts'
import { REQUEST_RULES } from './table.ts'

/** Of directory buckets alone, says the API reference. */
const DIRECTORY_BUCKETS = new Set([
  'x-amz-if-match-initiated-time',
  'x-amz-if-match-last-modified-time',
  'x-amz-if-match-size',
  'x-amz-write-offset-bytes',
])

/** Headers in the SDK's model of an operation, lower-case; the prefix of the metadata with `*`. */
function modelled(operation: string): string[] {
  const schema = (sdk as unknown as Record<string, readonly unknown[]>)[`${operation}$`]!
  const input = schema[4] as readonly unknown[] | (() => readonly unknown[])
  const members = (typeof input === 'function' ? input() : input)[5] as readonly unknown[]
  return members.flatMap(member => {
    const traits: unknown = Array.isArray(member) ? member[1] : undefined
    const isObject = typeof traits === 'object' && traits !== null
    const { httpHeader, httpPrefixHeaders }: { httpHeader?: string; httpPrefixHeaders?: string } = isObject
      ? traits
      : {}
    return [
      ...(httpHeader === undefined ? [] : [httpHeader.toLowerCase()]),
      ...(httpPrefixHeaders === undefined ? [] : [`${httpPrefixHeaders.toLowerCase()}*`]),
    ]
  })
}

describe('the table of requests', () => {
  it.each(Object.entries(REQUEST_RULES))('has every header that AWS documents for %s', (operation, { headers }) => {
    const listed = [...headers, ...EVERY_REQUEST]
    const missing = modelled(operation)
      .filter(name => /^(?:x-amz-|if-)/.test(name))
      .filter(name => !listed.includes(name) && !DIRECTORY_BUCKETS.has(name))
      .filter(name => !listed.some(prefix => prefix.endsWith('*') && name.startsWith(prefix.slice(0, -1))))
    expect(missing).toEqual([])
  })

  it('has none that AWS does not document', () => {
    for (const [operation, { headers }] of Object.entries(REQUEST_RULES)) {
      const known = modelled(operation)
      // Those of the transfer, and the MD5 and checksums of a batch delete, which the model has as traits.
      const others = /^x-amz-(?:checksum-|sdk-checksum-algorithm$|decoded-content-length$|trailer$)/
      const unknown = headers.filter(
        name => !others.test(name) && !known.some(one => one.startsWith(name.replace('*', ''))),
      )
      expect([operation, unknown]).toEqual([operation, []])
    }
  })
})
