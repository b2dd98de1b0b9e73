import { randomUUID } from 'node:crypto'
import { DeleteObjectsCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import type { Ceph } from '@longshore/e2e/ceph'
import type { Place } from '@longshore/e2e/registry-configuration'
import type { Bench } from '../bench.ts'

export interface PlaceOptions {
  /** Where S3 is. Default: Ceph's own address. */
  readonly endpoint?: string | undefined
}

/** A new bucket in the shared Ceph, with CloudFront before it. Nobody fetches from there. */
export async function newPlace(bench: Bench, { endpoint }: PlaceOptions = {}): Promise<Place> {
  const ceph = await bench.session.ceph()
  const bucket = `bench-${randomUUID()}`
  await ceph.createBucket(bucket)
  return {
    endpoint: endpoint ?? ceph.endpoint,
    region: 'us-east-1',
    bucket,
    credentials: ceph.owner,
    edge: {
      baseUrl: 'https://d111111abcdef8.cloudfront.net/',
      keyFile: await bench.session.keyFile(),
      keyPairId: 'K2JCJMDEHXQW5F',
    },
  }
}

/** Removes everything from a bucket and frees its memory. */
export async function emptyBucket(ceph: Ceph, bucket: string): Promise<void> {
  const { client } = ceph
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    if (Contents.length === 0) continue
    const Objects = Contents.map(({ Key }) => ({ Key }))
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }))
  }
  await ceph.collectGarbage()
}
