import { notImplemented } from './unlisted-headers.ts'
import type { Rule } from './rule.ts'
import { textHeader } from './rule.ts'

/**
 * Conditions of PutObject, CopyObject and CompleteMultipartUpload: If-None-Match "expects the '*' (asterisk) character", and the
 * two of them together are 501, whatever they say (versitygw#1708, #1727, compared with AWS).
 */
export const writeConditions: Rule = request => {
  const noneMatch = textHeader(request, 'if-none-match')
  if (noneMatch === undefined) return
  if (noneMatch !== '*' || textHeader(request, 'if-match') !== undefined) throw notImplemented('If-None-Match')
}
