import type { CloudFrontOptions } from '@longshore/middleware-cloudfront'
import type { s3 } from '@longshore/s3-driver'

/** A bucket and the distribution in front of it. */
interface Cloud extends AsyncDisposable {
  readonly bucket: Parameters<typeof s3>[0]
  readonly distribution: CloudFrontOptions
  readonly isLocal: boolean
}

/** Those that the environment names, with credentials as the AWS SDK finds them; or else a pair on this machine. */
export async function findCloud(env: NodeJS.ProcessEnv = process.env): Promise<Cloud> {
  const { BUCKET: bucket, AWS_REGION: region } = env
  if (bucket === undefined) return localCloud()
  const { CLOUDFRONT_URL: baseUrl = '', CLOUDFRONT_KEY: privateKey = '', CLOUDFRONT_KEY_PAIR_ID: keyPairId = '' } = env
  return {
    bucket: { bucket, ...(region !== undefined && { region }) },
    // Asking for each object's size would take credentials; this one is taken to be small enough for CloudFront.
    distribution: { baseUrl, privateKey, keyPairId, maxObjectSize: 0 },
    isLocal: false,
    async [Symbol.asyncDispose]() {},
  }
}

async function localCloud(): Promise<Cloud> {
  const { startLocalCloud } = await import('@longshore/local-cloud')
  const cloud = await startLocalCloud()
  const { bucket, region, credentials, privateKey, keyPairId } = cloud
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = credentials
  return {
    bucket: { bucket, region, regionEndpoint: cloud.s3.endpoint, forcePathStyle: true, accessKey, secretKey },
    distribution: { baseUrl: cloud.edge.baseUrl, privateKey, keyPairId },
    isLocal: true,
    [Symbol.asyncDispose]: () => cloud.close(),
  }
}
