import { channel } from 'node:diagnostics_channel'
import { matching, nth, startLocalCloud } from '@longshore/local-cloud'
import { afterEach, describe, expect, it } from '@jest/globals'
import {
  type S3RequestTrace,
  type UploadMemoryTrace,
  s3RequestChannel,
  uploadMemoryChannel,
} from '@longshore/s3-driver'
import { driverOn, mebibyte } from './cloud.ts'

let stopListening = (): void => {}
afterEach(() => stopListening())

/** What is announced from now until the end of the test. */
function traces<Trace>(from: typeof s3RequestChannel): Trace[] {
  const seen: Trace[] = []
  const listener = (trace: unknown): void => void seen.push(trace as Trace)
  from.subscribe(listener)
  stopListening = () => from.unsubscribe(listener)
  return seen
}

describe('the channel of S3 requests', () => {
  it('has each request with its answer, retries and failures included', async () => {
    await using cloud = await startLocalCloud()
    await using driver = driverOn(cloud)
    const seen = traces<S3RequestTrace>(s3RequestChannel)
    await driver.putContent('/a', 'content')
    await expect(driver.getContent('/missing')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    cloud.s3.faults.add(matching({ operation: 'PutObject' }, nth(1, { kind: 'error', status: 503, code: 'SlowDown' })))
    await driver.putContent('/b', 'content')
    cloud.s3.faults.add(matching({ operation: 'PutObject' }, nth(1, { kind: 'reset', when: 'before' })))
    await driver.putContent('/c', 'content')
    expect(seen.map(({ operation, status }) => [operation, status])).toEqual([
      ['PutObject', 200],
      ['GetObject', 404],
      ['PutObject', 503],
      ['PutObject', 200],
      ['PutObject', undefined],
      ['PutObject', 200],
    ])
    expect(seen.every(({ milliseconds }) => milliseconds > 0)).toBe(true)
    expect(seen).toHaveLength(cloud.s3.requests.count())
  })

  it('is found by its name', () => {
    expect(channel('longshore:s3-request')).toBe(s3RequestChannel)
    expect(channel('longshore:upload-memory')).toBe(uploadMemoryChannel)
  })
})

describe('the channel of the upload memory', () => {
  it('has what is out after each change, and nothing in the end', async () => {
    await using cloud = await startLocalCloud()
    await using driver = driverOn(cloud)
    const seen = traces<UploadMemoryTrace>(uploadMemoryChannel)
    const writer = await driver.writer('/large')
    writer.end(Buffer.alloc(12 * mebibyte))
    await writer.close()
    const used = seen.map(trace => trace.used)
    expect(Math.max(...used)).toBeGreaterThanOrEqual(5 * mebibyte)
    expect(used.at(-1)).toBe(0)
    expect(seen.every(trace => trace.used <= trace.limit)).toBe(true)
    await writer.cancel()
  })
})
