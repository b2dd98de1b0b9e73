import { type Readable, type Transform, pipeline } from 'node:stream'

/**
 * Leads a reader through a transform, and gives the stream for a middleware to return: an error of either destroys both, and
 * so does a caller who destroys what it got.
 *
 * @example
 * override async reader(path: string, options?: ReadOptions) {
 *   return forwardReader(await super.reader(path, options), new Throttle(bytesPerSecond))
 * }
 */
export function forwardReader(inner: Readable, transform: Transform): Readable {
  // The caller hears of an error from the stream that it has.
  return pipeline(inner, transform, () => {})
}
