import { afterAll, beforeAll, describe, it } from '@jest/globals'
import { testDriver } from '@longshore/middleware-core/testing'
import { type S3Extension, s3 } from '@longshore/s3-driver'
import type { StorageDriver } from '@longshore/middleware-core'
import { type Ceph, startCeph } from './src/ceph.ts'
import { describeWith } from './src/programs.ts'

const mebibyte = 1024 * 1024

describeWith(['radosgw'], 'Ceph', () => {
  let ceph: Ceph

  beforeAll(async () => {
    ceph = await startCeph()
  }, 120_000)
  afterAll(async () => {
    await ceph[Symbol.asyncDispose]()
  })

  function driver(options: Partial<Parameters<typeof s3>[0]>): StorageDriver & S3Extension {
    return s3({
      regionEndpoint: ceph.endpoint,
      accessKey: ceph.credentials.accessKeyId,
      secretKey: ceph.credentials.secretAccessKey,
      bucket: ceph.bucket,
      forcePathStyle: true,
      chunkSize: 5 * mebibyte,
      ...options,
    })
  }

  const reducedTests = {
    chunkSizes: [32],
    largeFile: 6 * mebibyte,
    manyFiles: 10,
    fuzz: { seeds: [3], operations: 60 },
  }
  const variants = [
    {
      name: 'signature V4',
      // With a threshold below the large file, moves take the multipart copy.
      options: { multipartCopyThresholdSize: 6 * mebibyte, multipartCopyChunkSize: 5 * mebibyte },
      tests: {
        chunkSizes: [32, 6 * mebibyte],
        largeFile: 12 * mebibyte,
        manyFiles: 1005,
        fuzz: { seeds: [1, 2], operations: 60, sizes: [0, 1, 100, 5 * mebibyte, 5 * mebibyte + 1] },
      },
    },
    { name: 'signature V2', options: { v4Auth: false, rootDirectory: '/nested/root' }, tests: reducedTests },
  ]
  for (const { name, options, tests } of variants) {
    const create = (): StorageDriver => driver(options)
    testDriver({ describe, it }, { name: `S3 driver on Ceph with ${name}`, create, fetch, ...tests })
  }
})
