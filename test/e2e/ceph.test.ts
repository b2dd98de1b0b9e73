import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { s3 } from '@longshore/s3-driver'
import { type Ceph, startCeph } from './src/ceph.ts'
import { describeWith } from './src/programs.ts'

describeWith(['radosgw'], 'the S3 driver on Ceph', () => {
  let ceph: Ceph

  beforeAll(async () => {
    ceph = await startCeph()
  }, 120_000)
  afterAll(async () => {
    await ceph[Symbol.asyncDispose]()
  })

  it('stores and reads', async () => {
    await using driver = s3({
      regionEndpoint: ceph.endpoint,
      accessKey: ceph.credentials.accessKeyId,
      secretKey: ceph.credentials.secretAccessKey,
      bucket: ceph.bucket,
      forcePathStyle: true,
    })
    await driver.putContent('/a/b', 'hello')
    expect(Buffer.from(await driver.getContent('/a/b')).toString()).toBe('hello')
  })
})
