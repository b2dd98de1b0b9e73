import type { Readable } from 'node:stream'
import { type DriverFactory, defineDriver } from '@longshore/middleware-core'
import { S3Driver } from './driver.ts'
import { S3Options } from './options.ts'
import type { PutStreamOptions } from './put-stream.ts'

/** What this driver can do beyond the contract. */
export interface S3Extension {
  /**
   * Stores a stream of unknown length in one go: nothing is visible before all of it is there, and nothing is left when it
   * fails. To be able to continue after an interruption, use `writer`.
   */
  putStream(path: string, stream: Readable | AsyncIterable<Uint8Array>, options?: PutStreamOptions): Promise<void>
}

/**
 * A driver for Amazon S3 and the servers that speak its protocol. The bucket must exist.
 *
 * ```ts
 * const storage = s3({ region: 'eu-central-1', bucket: 'artifacts' })
 * ```
 */
export const s3: DriverFactory<typeof S3Options, S3Extension> = defineDriver<typeof S3Options, S3Driver, S3Extension>({
  name: 's3',
  options: S3Options,
  create: options => new S3Driver(options),
  extend: (driver, call) => ({
    putStream: (path, stream, options = {}) =>
      call('putStream', path, options, () => driver.putStream(path, stream, options)),
  }),
})
