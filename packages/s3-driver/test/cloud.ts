import { createCipheriv } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll } from '@jest/globals'
import { type BucketView, type LocalCloud, type LocalCloudOptions, startLocalCloud } from '@longshore/local-cloud'
import type { FileWriter, StorageDriver } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'

export const mebibyte = 1024 * 1024

/** The smallest part that S3 takes, and the part of every driver here. */
export const part = 5 * mebibyte

export type S3Driver = StorageDriver
export type S3DriverOptions = Parameters<typeof s3>[0]

/** A driver on the local cloud's bucket, with small parts unless told otherwise. */
export function driverOn(cloud: LocalCloud, options: Partial<S3DriverOptions> = {}): S3Driver {
  return s3(optionsOn(cloud, options))
}

export function optionsOn(cloud: LocalCloud, options: Partial<S3DriverOptions> = {}): S3DriverOptions {
  return {
    region: cloud.region,
    regionEndpoint: cloud.s3.endpoint,
    accessKey: cloud.credentials.accessKeyId,
    secretKey: cloud.credentials.secretAccessKey,
    bucket: cloud.bucket,
    chunkSize: part,
    ...options,
  }
}

/** What a test file works with: one local cloud, emptied and without quirks again after each test. */
export interface Fixture {
  readonly cloud: LocalCloud
  readonly driver: S3Driver
  readonly bucket: BucketView
  /** Another driver, as another process would have it. It is disposed of after the test. */
  another(options?: Partial<S3DriverOptions>): S3Driver
}

/** Sets the bench up around the tests of the file that calls this. */
export function useFixture(options: LocalCloudOptions = {}): Fixture {
  let cloud: LocalCloud
  let driver: S3Driver
  const others: S3Driver[] = []
  beforeAll(async () => {
    cloud = await startLocalCloud(options)
    driver = await warmUp(driverOn(cloud))
    cloud.s3.requests.reset()
  })
  afterEach(async () => {
    cloud.s3.faults.clear()
    cloud.s3.resetQuirks()
    for (const other of others.splice(0)) await other[Symbol.asyncDispose]()
    cloud.s3.bucket(cloud.bucket).clear()
    cloud.s3.requests.reset()
  })
  afterAll(async () => {
    await driver[Symbol.asyncDispose]()
    await cloud.close()
  })
  return {
    get cloud() {
      return cloud
    },
    get driver() {
      return driver
    },
    get bucket() {
      return cloud.s3.bucket(cloud.bucket)
    },
    another(different = {}) {
      const other = driverOn(cloud, different)
      others.push(other)
      return other
    },
  }
}

/** Has a driver find out now what it asks of a server once, so that it is not among the requests of a test. */
export async function warmUp<Driver extends StorageDriver>(driver: Driver): Promise<Driver> {
  const writer = await driver.writer('/warm-up')
  await write(writer, Buffer.from('x'))
  await writer.close()
  await writer.cancel()
  return driver
}

/** Bytes that differ everywhere, so that no part can stand in for another. */
export function content(size: number, seed = 1): Buffer {
  const key = Buffer.alloc(16, `seed ${seed}`)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size))
}

/** Writes and waits until the writer takes more. Rejects when it breaks. */
export async function write(writer: FileWriter, bytes: Uint8Array): Promise<void> {
  if (!writer.write(bytes)) await once(writer, 'drain')
}

/** Waits until `condition` holds; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 5))
}

/** What `promise` rejects with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  const nothing = Symbol('nothing')
  const error = await promise.then(
    () => nothing,
    (reason: unknown) => reason,
  )
  if (error === nothing) throw new Error('expected a rejection')
  return error
}

export { type LocalCloud, startLocalCloud }
