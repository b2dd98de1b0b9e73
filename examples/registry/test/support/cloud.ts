import type { LocalCloud } from '@longshore/local-cloud'
import { cloudfront } from '@longshore/middleware-cloudfront'
import { type StorageDriver, compose } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'

/** A driver on a cloud's bucket. `chunkSize` is that of an upload's parts in bytes; default: the driver's own. */
export function bucketOf(cloud: LocalCloud, options: { chunkSize?: number } = {}): StorageDriver {
  const { region, bucket, credentials } = cloud
  return s3({
    region,
    bucket,
    regionEndpoint: cloud.s3.endpoint,
    forcePathStyle: true,
    accessKey: credentials.accessKeyId,
    secretKey: credentials.secretAccessKey,
    ...options,
  })
}

/** The same, with its URLs signed for the cloud's edge. */
export function stackOf(cloud: LocalCloud, options: { policy?: 'canned' | 'custom' } = {}): StorageDriver {
  const { edge, privateKey, keyPairId } = cloud
  return compose(bucketOf(cloud), cloudfront({ baseUrl: edge.baseUrl, privateKey, keyPairId, ...options }))
}

/** A configuration's storage in a local cloud, with small parts and its URLs signed for the edge. `http` goes into `http`. */
export function cloudConfig(cloud: LocalCloud, { http = '', rest = '' } = {}): string {
  const { s3, edge, bucket, region, credentials, keyPairId, privateKey } = cloud
  return `http: { addr: 127.0.0.1:0${http && `, ${http}`} }
storage:
  s3:
    bucket: ${bucket}
    region: ${region}
    regionendpoint: ${s3.endpoint}
    forcepathstyle: true
    accesskey: ${credentials.accessKeyId}
    secretkey: ${credentials.secretAccessKey}
    chunksize: ${5 * 1024 * 1024}
middleware:
  storage:
    - name: cloudfront
      options:
        baseurl: ${edge.baseUrl}
        keypairid: ${keyPairId}
        privatekey: ${JSON.stringify(privateKey)}
${rest}`
}

/** For `cloudConfig`: a server for operators. */
export const withOperations = 'debug: { addr: 127.0.0.1:0, prometheus: { enabled: true } }'
