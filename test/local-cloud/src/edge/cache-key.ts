import { percentDecode } from '../query.ts'
import { type Distribution, originPrefix } from './distribution.ts'
import { isSignatureParameter } from './verify.ts'

/**
 * Target that the edge asks the origin for and tells apart in its cache: the path as it was sent ("CloudFront sends the raw URI path to
 * the origin"), and the query parameters of the cache policy as they were sent, in their order.
 */
export interface CacheKey {
  /** With the distribution's origin path, nothing decoded: `/a%2Bb`. */
  path: string
  /** Without `?`, nothing decoded. */
  query: string
  /** Further part of the key, which is not sent; empty for none. */
  variant: string
}

export interface KeyParts {
  /** Without the distribution's origin path. */
  path: string
  query: string
  /** Of the viewer's request. */
  authorization: string | undefined
}

/** Key by the distribution's cache policy. */
export function cacheKeyOf({ path, query, authorization }: KeyParts, distribution: Distribution): CacheKey {
  const variant = [
    ...(distribution.signatureInCacheKey ? parametersOf(query).filter(isOfSignature) : []),
    ...(authorization !== undefined && authorizationPolicy(distribution) === 'cache-policy' ? [authorization] : []),
  ]
  return {
    path: originPrefix(distribution) + path,
    query: parametersOf(query)
      .filter(parameter => isForwarded(parameter, distribution))
      .join('&'),
    variant: variant.join('\n'),
  }
}

export function authorizationPolicy({ forwardsAuthorization, originAccess }: Distribution) {
  return forwardsAuthorization ?? (originAccess === 'no-override' ? 'cache-policy' : 'none')
}

/** Name of a key that no other key has: a path holds no `?`, and nothing but a variant a line feed. */
export function cacheName({ path, query, variant }: CacheKey): string {
  return [query === '' ? path : `${path}?${query}`, ...(variant === '' ? [] : [variant])].join('\n')
}

/** Key of the bucket's object. */
export function objectKey({ path }: CacheKey): string {
  return percentDecode(path).slice(1)
}

function parametersOf(query: string): string[] {
  return query.split('&').filter(parameter => parameter !== '')
}

function isForwarded(parameter: string, { queryStrings }: Distribution): boolean {
  if (queryStrings === 'none' || isOfSignature(parameter)) return false
  return queryStrings === 'all' || queryStrings.includes(nameOf(parameter))
}

function isOfSignature(parameter: string): boolean {
  return isSignatureParameter(nameOf(parameter))
}

function nameOf(parameter: string): string {
  return percentDecode(parameter.replace(/=.*/s, ''))
}
