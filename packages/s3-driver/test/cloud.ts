import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import type { StorageDriver } from '@longshore/middleware-core'
import { type S3Extension, s3 } from '@longshore/s3-driver'

export const mebibyte = 1024 * 1024

/** A driver on the local cloud's bucket, with small parts unless told otherwise. */
export function driverOn(cloud: LocalCloud, options: Partial<Parameters<typeof s3>[0]> = {}): StorageDriver & S3Extension {
  return s3({
    region: cloud.region,
    regionEndpoint: cloud.s3.endpoint,
    accessKey: cloud.credentials.accessKeyId,
    secretKey: cloud.credentials.secretAccessKey,
    bucket: cloud.bucket,
    chunkSize: 5 * mebibyte,
    ...options,
  })
}

export { startLocalCloud, type LocalCloud }
