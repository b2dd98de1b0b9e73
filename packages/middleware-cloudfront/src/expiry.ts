/** Lifetime of signed URLs, in seconds. The window is whole and shorter than the duration. */
export interface Lifetime {
  /** Longest time that a URL works. */
  readonly durationSeconds: number
  /**
   * Step to which expiry is rounded down, so that every process gives the same one during the same window. 0 rounds no further
   * than to CloudFront's whole seconds.
   */
  readonly windowSeconds: number
}

/**
 * Expiry of a URL that is signed at `now`, in seconds since 1970: never later than the duration from now, and always more than
 * the duration less the window from now. `now` is in milliseconds since 1970.
 *
 * A caller's `expiresIn`, in seconds, shortens the duration, and the window in the same proportion.
 */
export function expiryAt(
  now: number,
  { durationSeconds, windowSeconds }: Lifetime,
  expiresIn = durationSeconds,
): number {
  if (expiresIn >= durationSeconds) return roundDown(now / 1000 + durationSeconds, windowSeconds)
  return roundDown(now / 1000 + expiresIn, Math.floor((windowSeconds * expiresIn) / durationSeconds))
}

/**
 * Last second in which a URL that expires at `expires` does not work yet: at least `allowance` seconds, 1 or more, before any
 * moment at which {@link expiryAt} gives that expiry, so that it is the same during the window, too.
 */
export function notBeforeOf(
  expires: number,
  allowance: number,
  { durationSeconds }: Lifetime,
  expiresIn = durationSeconds,
): number {
  return Math.floor(expires - Math.min(expiresIn, durationSeconds) - allowance)
}

const roundDown = (seconds: number, windowSeconds: number): number => {
  const step = Math.max(1, windowSeconds)
  return Math.floor(seconds / step) * step
}
