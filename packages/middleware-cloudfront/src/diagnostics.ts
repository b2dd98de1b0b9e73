import { channel } from 'node:diagnostics_channel'

/** One answer of `urlFor` with a CloudFront-signed URL, as subscribers of the `longshore:signed-url` channel see it. */
export interface SignedUrlTrace {
  /** Whether the signature was at hand, or being made for somebody else, so that this call made none. */
  readonly isCached: boolean
}

/**
 * The channel on which the middleware announces each URL that it was asked for. Without a subscriber it costs one property
 * read a call.
 */
export const signedUrlChannel = channel('longshore:signed-url')

/** Announces one URL when anybody listens. */
export function announceUrl(isCached: boolean): void {
  if (signedUrlChannel.hasSubscribers) signedUrlChannel.publish({ isCached } satisfies SignedUrlTrace)
}
