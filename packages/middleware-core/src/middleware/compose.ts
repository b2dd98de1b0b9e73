import type { StorageDriver } from '../contract/index.ts'

/** Wraps one driver in another. */
export type Middleware = (driver: StorageDriver) => StorageDriver

/**
 * Stacks middlewares on a driver. The first is innermost; calls enter at the last, as in a registry's `config.yml`.
 *
 * @example
 * const storage = compose(s3({ region, bucket }), cloudfront({ baseUrl, privateKey, keyPairId }))
 */
export function compose(driver: StorageDriver, ...middlewares: Middleware[]): StorageDriver {
  return middlewares.reduce((inner, middleware) => middleware(inner), driver)
}
