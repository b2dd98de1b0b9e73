import type { LocalCloud } from '@longshore/local-cloud'
import { type StorageDriver, defineDriver } from '@longshore/middleware-core'
import { S3Driver } from '../src/driver.ts'
import { s3Options } from '../src/options.ts'
import { s3 } from '../src/s3.ts'
import { type S3DriverOptions, optionsOn } from './cloud.ts'

/**
 * A driver whose parts and copies have a chunk size that its options would refuse, so that many parts cost little. It works
 * while the local cloud's `minPartBytes` is as low.
 */
export function smallPartDriver(
  cloud: LocalCloud,
  chunkSize: number,
  options: Partial<S3DriverOptions> = {},
): StorageDriver {
  const small = { chunkSize, multipartCopyChunkSize: chunkSize, multipartCopyThresholdSize: chunkSize }
  const create = defineDriver({
    name: 's3',
    options: s3Options,
    capabilities: s3(optionsOn(cloud, options)).capabilities,
    create: checked => new S3Driver({ ...checked, ...small }),
  })
  return create(optionsOn(cloud, options))
}
