import { compareKeys, partitionPoint } from './key-index.ts'

export interface PageRequest {
  prefix: string
  /** Keys that share what stands up to the first delimiter after the prefix are one entry. '' for none. */
  delimiter: string
  /** Only what comes after it. */
  after: string | undefined
  limit: number
}

export interface Page<T> {
  items: T[]
  commonPrefixes: string[]
  truncated: boolean
  /** The last entry, key or common prefix, after which the next page begins. */
  last: string | undefined
}

/**
 * One page of a list of items that are sorted by key. Common prefixes count as entries, and one that is not greater than
 * `after` was on an earlier page (ListMultipartUploads says so of its key-marker, and servers list objects alike).
 */
export function pageOf<T>(sorted: readonly T[], keyOf: (item: T) => string, request: PageRequest): Page<T> {
  const { prefix, delimiter, after, limit } = request
  const page: Page<T> = { items: [], commonPrefixes: [], truncated: false, last: undefined }
  if (limit === 0) return page
  let index = partitionPoint(
    sorted,
    item => compareKeys(keyOf(item), prefix) < 0 || (after !== undefined && compareKeys(keyOf(item), after) <= 0),
  )
  while (index < sorted.length) {
    const item = sorted[index]!
    const key = keyOf(item)
    if (!key.startsWith(prefix)) break
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const commonPrefix = cut === -1 ? undefined : key.slice(0, cut + delimiter.length)
    const isListed = commonPrefix !== undefined && after !== undefined && compareKeys(commonPrefix, after) <= 0
    if (!isListed) {
      if (page.items.length + page.commonPrefixes.length === limit) {
        page.truncated = true
        break
      }
      if (commonPrefix === undefined) page.items.push(item)
      else page.commonPrefixes.push(commonPrefix)
      page.last = commonPrefix ?? key
    }
    index =
      commonPrefix === undefined
        ? index + 1
        : partitionPoint(
            sorted,
            other => compareKeys(keyOf(other), commonPrefix) < 0 || keyOf(other).startsWith(commonPrefix),
          )
  }
  return page
}
