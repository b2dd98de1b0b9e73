import type { HashAlgorithm } from './verify.ts'

/** Answer to an error in place of the origin's: `CustomErrorResponse`. */
export interface CustomError {
  /** Status that is replaced, 400 or above. */
  errorCode: number
  /** Status for the viewer; by default `errorCode`. */
  responseCode?: number
  /** Path of the page in the distribution, with its leading slash: `/index.html`. It is read from the bucket. */
  responsePagePath: string
}

/**
 * Settings of a distribution and its one behavior, by CloudFront's names. The defaults are right for a registry. Assign to the fields of
 * `edge.distribution` at any time; what is cached already stays, see `edge.invalidate`.
 */
export interface Distribution {
  /** Origin Path: comes before the path of a URL to make the key. None by default. */
  originPath: string
  /**
   * Domain name of the origin: the bucket's in its region, by default, or the global `BUCKET.s3.amazonaws.com`, for which S3 answers 307
   * TemporaryRedirect while the bucket is new and its region is not us-east-1. CloudFront passes a redirect on and does not follow it
   * ("Redirects" in "Request and response behavior for Amazon S3 origins").
   */
  originDomain: 'regional' | 'global'
  /**
   * Signing behavior of the origin access control (`OriginAccessControlConfig`). `always`, the default, signs every request in place of
   * the viewer's Authorization. `no-override` signs those without Authorization and passes on the header of the others. `never` signs
   * none, as a distribution without origin access control: S3 answers 403 AccessDenied.
   */
  originAccess: 'always' | 'no-override' | 'never'
  /**
   * Policy by which a viewer's Authorization reaches the origin; CloudFront removes it otherwise ("HTTP 401 status code"). In a cache
   * policy it is part of the cache key, in an origin request policy (AllViewer) it is not. Without effect where `originAccess` is
   * `always`. None by default, and `cache-policy` with `no-override`, which its documentation demands.
   */
  forwardsAuthorization: 'none' | 'cache-policy' | 'origin-request-policy' | undefined
  /** Restrict viewer access: only signed requests are served. True by default. */
  restrictViewerAccess: boolean
  /** Values of `Hash-Algorithm` that are known; any other is AccessDenied, as SHA-256 was before April 2026. Both by default. */
  hashAlgorithms: readonly HashAlgorithm[]
  /**
   * Query parameters that the cache policy passes on to the bucket and tells apart: `response-content-disposition` and the
   * like. `none` by default, as in the CachingOptimized policy. Those of a signature are never passed on, with `all` neither: so says the
   * one report that is known (projectNEWM/newm-server#272), and no page of AWS.
   */
  queryStrings: 'none' | 'all' | readonly string[]
  /** The signature is part of the cache key, so that another one is a miss: in case `all` does mean it. False by default. */
  signatureInCacheKey: boolean
  /** The CachingDisabled policy: every request is a miss. False by default. */
  cachingDisabled: boolean
  /** Compress objects automatically. False by default. See {@link compressionOf}. */
  compress: boolean
  /**
   * Protocols of viewers. `https-only` answers HTTP with 403, `redirect-to-https` with 301 ("Require HTTPS for communication between
   * viewers and CloudFront"). By default `https-only` where the edge has a certificate, as in `examples/aws`, and `allow-all` where it has none.
   */
  viewerProtocol: 'allow-all' | 'https-only' | 'redirect-to-https'
  /** Methods that are allowed; any other is 403. GET, HEAD and OPTIONS by default. */
  allowedMethods: readonly string[]
  /**
   * Custom error pages, none by default. They replace errors of the origin, and CloudFront's own refusals of viewers. The answer keeps
   * `X-Cache: Error from cloudfront`, whatever its status.
   */
  customErrors: readonly CustomError[]
}

export function defaultDistribution(hasCertificate: boolean): Distribution {
  return {
    originPath: '',
    originDomain: 'regional',
    originAccess: 'always',
    forwardsAuthorization: undefined,
    restrictViewerAccess: true,
    hashAlgorithms: ['SHA1', 'SHA256'],
    queryStrings: 'none',
    signatureInCacheKey: false,
    cachingDisabled: false,
    compress: false,
    viewerProtocol: hasCertificate ? 'https-only' : 'allow-all',
    allowedMethods: ['GET', 'HEAD', 'OPTIONS'],
    customErrors: [],
  }
}

/** Origin Path as CloudFront takes it: `/in`, or empty. */
export function originPrefix({ originPath }: Distribution): string {
  return originPath.replace(/^\/*(?=.)/, '/').replace(/\/+$/, '')
}
