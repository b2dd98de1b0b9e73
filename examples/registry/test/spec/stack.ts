import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { cloudfront } from '@longshore/middleware-cloudfront'
import { type StorageDriver, compose } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { afterAll, beforeAll } from '@jest/globals'
import { type TestRegistry, startRegistry } from '../support.ts'

/** One registry for all tests of a file, on the stack of a cloud: blobs are pulled from the edge, all else is in S3. */
export function sharedStack(): { readonly url: string } {
  let cloud: LocalCloud
  let storage: StorageDriver
  let registry: TestRegistry
  beforeAll(async () => {
    cloud = await startLocalCloud()
    storage = compose(
      s3({
        region: cloud.region,
        regionEndpoint: cloud.s3.endpoint,
        forcePathStyle: true,
        accessKey: cloud.credentials.accessKeyId,
        secretKey: cloud.credentials.secretAccessKey,
        bucket: cloud.bucket,
      }),
      cloudfront({ baseUrl: cloud.edge.baseUrl, privateKey: cloud.privateKey, keyPairId: cloud.keyPairId }),
    )
    registry = await startRegistry({ deletes: true, storage })
  })
  afterAll(async () => {
    await registry[Symbol.asyncDispose]()
    await storage[Symbol.asyncDispose]()
    await cloud.close()
  })
  return {
    get url() {
      return registry.url
    },
  }
}
