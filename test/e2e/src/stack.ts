import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EdgeRecord, type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { cloudfront } from '@longshore/middleware-cloudfront'
import { type StorageDriver, compose } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { createRegistry } from '../../../examples/registry/src/app.ts'
import { viewerFunctions } from './edge-function.ts'
import type { RequestReport } from '../../../examples/registry/src/observability/request-report.ts'

/** A registry on the whole stack, with everything that went over the wire on record. */
export interface Stack extends AsyncDisposable {
  readonly cloud: LocalCloud
  readonly storage: StorageDriver
  /** `127.0.0.1:PORT`. */
  readonly authority: string
  readonly requests: RequestReport[]
  readonly pulls: EdgeRecord[]
  /** A folder that is removed with the rest. */
  readonly directory: string
  readonly privateKey: string
}

export async function startStack(): Promise<Stack> {
  const directory = await mkdtemp(join(tmpdir(), 'longshore-e2e-'))
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    // The form that the Go registry reads; Longshore reads every form.
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  const pulls: EdgeRecord[] = []
  const requests: RequestReport[] = []
  const cloud = await startLocalCloud({
    privateKey,
    s3: { keepRequests: 10_000 },
    edge: { viewerFunctions, onRequest: record => pulls.push(record) },
  })
  // docker-registry names an ACL with every upload, as only buckets that have ACLs enabled take it.
  cloud.s3.bucketSettings.objectOwnership = 'ObjectWriter'
  const storage = compose(
    s3({
      region: cloud.region,
      regionEndpoint: cloud.s3.endpoint,
      accessKey: cloud.credentials.accessKeyId,
      secretKey: cloud.credentials.secretAccessKey,
      bucket: cloud.bucket,
    }),
    cloudfront({ baseUrl: cloud.edge.baseUrl, privateKey, keyPairId: cloud.keyPairId }),
  )
  const app = createRegistry(storage, { deletes: true, onRequest: report => requests.push(report) })
  const authority = new URL(await app.listen({ host: '127.0.0.1', port: 0 })).host
  return {
    cloud,
    storage,
    authority,
    requests,
    pulls,
    directory,
    privateKey,
    async [Symbol.asyncDispose]() {
      await app.close()
      await storage[Symbol.asyncDispose]()
      await cloud.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
