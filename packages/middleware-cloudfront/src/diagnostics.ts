import { channel } from 'node:diagnostics_channel'

/** One answer of `urlFor` with a CloudFront-signed URL, as subscribers of the `longshore:signed-url` channel see it. */
export interface SignedUrlTrace {
  /** True where this call made no signature: it was in the cache, or being made for another call. */
  readonly isCached: boolean
}

/**
 * Diagnostics channel with a message for each CloudFront URL that `urlFor` gives. Without a subscriber it costs one property
 * read a call.
 */
export const signedUrlChannel = channel('longshore:signed-url')

/** Publishes a message for one URL where there is a subscriber. */
export function announceUrl(isCached: boolean): void {
  if (signedUrlChannel.hasSubscribers) signedUrlChannel.publish({ isCached } satisfies SignedUrlTrace)
}
