/** How long signed URLs live. Both in seconds; `window` is whole and shorter than `duration`. */
export interface Lifetime {
  /** The longest that a URL works. */
  readonly duration: number
  /**
   * Expiry is rounded down to a multiple of this, so that every process gives the same one during the same window. 0 rounds
   * no further than CloudFront does, which knows whole seconds.
   */
  readonly window: number
}

/**
 * When a URL made at `now` expires, in seconds since 1970: never later than `duration` from now, and always more than
 * `duration - window` from now. `now` is in milliseconds since 1970.
 *
 * A caller's `expiresIn`, in seconds, shortens the duration, and the window in the same proportion.
 */
export function expiryAt(now: number, { duration, window }: Lifetime, expiresIn = duration): number {
  if (expiresIn >= duration) return roundDown(now / 1000 + duration, window)
  return roundDown(now / 1000 + expiresIn, Math.floor((window * expiresIn) / duration))
}

/**
 * The second after which a URL that expires at `expires` begins to work: at least `allowance` seconds, 1 or more, before
 * any moment at which {@link expiryAt} gives that expiry, so that it is one for the window, too.
 */
export function notBeforeOf(expires: number, allowance: number, { duration }: Lifetime, expiresIn = duration): number {
  return Math.floor(expires - Math.min(expiresIn, duration) - allowance)
}

const roundDown = (seconds: number, window: number): number => {
  const step = Math.max(1, window)
  return Math.floor(seconds / step) * step
}
