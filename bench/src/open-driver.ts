import type { Place } from '@longshore/e2e/registry-configuration'
import type { StorageDriver } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import type { Bench } from './bench.ts'

type Options = Parameters<typeof s3>[0]

/** Our driver on a place's bucket, disposed of with the figure. */
export function openDriver(bench: Bench, place: Place, more: Partial<Options> = {}): StorageDriver {
  const { endpoint, region, bucket, credentials } = place
  const driver = s3({
    region,
    regionEndpoint: endpoint,
    forcePathStyle: true,
    bucket,
    accessKey: credentials.accessKeyId,
    secretKey: credentials.secretAccessKey,
    ...more,
  })
  return bench.scope.own(driver)
}
