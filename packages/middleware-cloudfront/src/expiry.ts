/** How long signed URLs live. Both in seconds, both whole, `window` shorter than `duration`. */
export interface Lifetime {
  /** The longest that a URL works. */
  readonly duration: number
  /** Expiry is rounded down to a multiple of this, so that every process gives the same one during the same window. */
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
  return roundDown(now / 1000 + expiresIn, Math.max(1, Math.floor((window * expiresIn) / duration)))
}

const roundDown = (seconds: number, window: number): number => Math.floor(seconds / window) * window
