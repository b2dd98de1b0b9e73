import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { viewerFunctions } from '@longshore/e2e/edge-function'
import type { StorageDriver } from '@longshore/middleware-core'
import { afterAll, beforeAll } from '@jest/globals'
import { stackOf } from '../support/cloud.ts'
import { type TestRegistry, startRegistry } from '../support/registry.ts'

/** One registry for all tests of a file, on the stack of a cloud: blobs are pulled from the edge, all else is in S3. */
export function sharedStack(): { readonly url: string } {
  let cloud: LocalCloud
  let storage: StorageDriver
  let registry: TestRegistry
  beforeAll(async () => {
    cloud = await startLocalCloud({ edge: { viewerFunctions } })
    storage = stackOf(cloud)
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
