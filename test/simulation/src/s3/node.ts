import { type StorageDriver, defineDriver } from '@longshore/middleware-core'
import { S3Driver } from '../../../../packages/s3-driver/src/driver.ts'
import { s3Options } from '../../../../packages/s3-driver/src/options.ts'
import { s3 } from '../../../../packages/s3-driver/src/s3.ts'

export const BUCKET = 'artifacts'
export const REGION = 'eu-central-1'
export const CREDENTIALS = { accessKeyId: 'simulatedKey', secretAccessKey: 'simulatedSecret' }

/** Bytes. Parts of the size that Amazon asks for would take all the time. */
export const PART_BYTES = 16

/** The driver as it is for Amazon S3, but with small parts. */
export function createNode(name: string): StorageDriver {
  const options = {
    region: REGION,
    bucket: BUCKET,
    accessKey: CREDENTIALS.accessKeyId,
    secretKey: CREDENTIALS.secretAccessKey,
    userAgent: `node-${name}`,
  }
  const small = { chunkSize: PART_BYTES, multipartCopyChunkSize: PART_BYTES, multipartCopyThresholdSize: PART_BYTES }
  const create = defineDriver({
    name: 's3',
    options: s3Options,
    capabilities: s3(options).capabilities,
    create: checked => new S3Driver({ ...checked, ...small }),
  })
  return create(options)
}
