import { percentDecode } from '../query.ts'

/**
 * Target that the edge asks the origin for and tells apart in its cache: the path as it was sent ("CloudFront sends the raw URI path to
 * the origin"), and the query parameters of the cache policy as they were sent, in their order.
 */
export interface CacheKey {
  /** With the distribution's origin path, nothing decoded: `/a%2Bb`. */
  path: string
  /** Without `?`, nothing decoded. */
  query: string
}

/** Name of a key that no other key has: a path holds no `?`. */
export function cacheName({ path, query }: CacheKey): string {
  return query === '' ? path : `${path}?${query}`
}

/** Key of the bucket's object. */
export function objectKey({ path }: CacheKey): string {
  return percentDecode(path).slice(1)
}
