/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * Resolves a `Range` header against `size` bytes (RFC 9110, section 14). Several ranges at once, other units and what cannot
 * be read are ignored, as the RFC allows: then all is served. It would ignore a range that ends before it begins, too; that
 * one is unsatisfiable here, as in Go's registries, because the specification's conformance program asks for it.
 */
export function requestedRange(header: string | undefined, size: number): ByteRange | 'all' | 'unsatisfiable' {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (from === undefined || to === undefined || from + to === '') return 'all'
  if (from === '') {
    const last = Math.min(Number(to), size)
    return last > 0 ? { start: size - last, end: size - 1 } : 'unsatisfiable'
  }
  const start = Number(from)
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  return start < size && start <= end ? { start, end } : 'unsatisfiable'
}
