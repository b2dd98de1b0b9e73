import { type DriverFactory, defineDriver } from '@longshore/middleware-core'
import { S3Driver } from './driver.ts'
import { type S3Options, s3Options } from './options.ts'
import { serverOf } from './server.ts'

/**
 * A driver for Amazon S3 and the servers that speak its protocol. The bucket must exist.
 *
 * @example
 * const storage = s3({ region: 'eu-central-1', bucket: 'artifacts' })
 */
export const s3: DriverFactory<S3Options> = defineDriver({
  name: 's3',
  options: s3Options,
  capabilities: ({ v4Auth, ...options }) => ({
    urls: true,
    // Signature V2 covers neither the headers of an answer, nor a length, nor a checksum.
    downloads: v4Auth,
    uploadUrls: v4Auth,
    uploadForms: v4Auth,
    directUploads: v4Auth,
    revisions: true,
    uploadRevisions: true,
    metadata: true,
    putIfAbsent: serverOf(options).isAmazon || 'varies',
    putIfRevision: serverOf(options).isAmazon || 'varies',
    commitIfAbsent: serverOf(options).isAmazon || 'varies',
    commitIfRevision: serverOf(options).isAmazon || 'varies',
    deleteIfRevision: serverOf(options).isAmazon || 'varies',
  }),
  create: options => new S3Driver(options),
})
