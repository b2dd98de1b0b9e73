/** Byte positions, the end not included. */
export interface ByteRange {
  start: number
  end: number
}

/**
 * What a Range header asks of an object of `size` bytes (RFC 9110, section 14). `undefined` is the whole object: there is
 * no header, or it is malformed, or it asks for several ranges, which neither S3 nor this edge serves.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (!match) return undefined
  const [, first = '', last = ''] = match
  if (first === '') {
    if (last === '') return undefined
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= size) return 'unsatisfiable'
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) }
}
