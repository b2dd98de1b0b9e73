import { inspect } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { type Fault, always } from '@longshore/local-cloud'
import type { StorageDriver, StorageError } from '@longshore/middleware-core'
import { s3Error } from '../src/errors.ts'
import { content, failure, part, until, useFixture, write } from './cloud.ts'
import { type ProxyAnswer, startProxy } from './proxy.ts'

const bench = useFixture()
const secrets = { secretKey: 'wrong-secret-key-value', sessionToken: 'session-token-value' }

async function failureOf(
  call: (driver: StorageDriver) => Promise<unknown>,
  driver: StorageDriver = bench.driver,
): Promise<StorageError> {
  return (await failure(call(driver))) as StorageError
}

describe('an answer of S3 becomes', () => {
  const answers: [number, string, string][] = [
    [403, 'AccessDenied', 'ACCESS_DENIED'],
    [403, 'ExpiredToken', 'ACCESS_DENIED'],
    [503, 'SlowDown', 'UNAVAILABLE'],
    [500, 'InternalError', 'UNAVAILABLE'],
    [409, 'OperationAborted', 'UNAVAILABLE'],
    [501, 'NotImplemented', 'UNSUPPORTED'],
    [405, 'MethodNotAllowed', 'UNSUPPORTED'],
    [404, 'NoSuchBucket', 'UNKNOWN'],
    [400, 'EntityTooLarge', 'UNKNOWN'],
    [400, 'KeyTooLongError', 'INVALID_PATH'],
    [400, 'XMinioInvalidObjectName', 'INVALID_PATH'],
  ]
  for (const [status, name, code] of answers) {
    it(`${code} when it is ${status} ${name}`, async () => {
      bench.cloud.s3.faults.add(always({ kind: 'error', status, code: name }))
      const driver = bench.another({ maxAttempts: 1 })
      const error = await failureOf(() => driver.putContent('/a', 'x'))
      expect(error).toMatchObject({ code, driver: 's3', path: '/a' })
      expect(error.message).toContain(name)
      expect(error.retryAfter).toBe(code === 'UNAVAILABLE' ? 1 : undefined)
    })
  }

  it('ACCESS_DENIED also where HEAD has no body to say why, and never "not found"', async () => {
    bench.cloud.s3.faults.add(always({ kind: 'error', status: 403, code: 'AccessDenied' }))
    expect(await failureOf(driver => driver.stat('/a'))).toMatchObject({ code: 'ACCESS_DENIED' })
    expect(await failureOf(driver => driver.delete('/a'))).toMatchObject({ code: 'ACCESS_DENIED' })
    expect(bench.cloud.s3.requests.count('ListObjectsV2')).toBeLessThanOrEqual(1)
  })

  it('UNAVAILABLE when nothing comes for the time of requesttimeout', async () => {
    bench.cloud.s3.faults.add(always({ kind: 'delay', milliseconds: 60_000 }))
    const driver = bench.another({ requestTimeout: '50ms', maxAttempts: 1 })
    expect(await failureOf(() => driver.stat('/a'))).toMatchObject({ code: 'UNAVAILABLE' })
  })
})

describe('an answer that is told from others like it', () => {
  it('is that of an archived object, which nobody is denied', async () => {
    bench.cloud.s3.faults.add(always({ kind: 'error', status: 403, code: 'InvalidObjectState' }))
    const error = await failureOf(driver => driver.getContent('/a'))
    expect(error).toMatchObject({ code: 'UNSUPPORTED', path: '/a' })
    expect(error.message).toContain('the object is archived and has to be restored')
  })

  for (const [status, code] of [
    [403, 'QuotaExceeded'],
    [507, 'XMinioStorageFull'],
    [507, 'Anything'],
  ] as const) {
    it(`is that of a full storage: ${status} ${code}`, async () => {
      bench.cloud.s3.faults.add(always({ kind: 'error', status, code }))
      const error = await failureOf(driver => driver.putContent('/a', 'x'), bench.another({ maxAttempts: 1 }))
      expect(error).toMatchObject({ code: 'UNAVAILABLE', retryAfter: 60 })
      expect(error.message).toContain('the storage is full, or its quota is used up')
    })
  }

  it('is that of a HEAD in the wrong region, which has no body', async () => {
    for (const status of [301, 307, 400]) {
      const headers = { 'x-amz-bucket-region': 'eu-west-3' }
      await using proxy = await startProxy(bench.cloud, () => ({ status, headers }))
      const driver = bench.another({ regionEndpoint: proxy.endpoint, maxAttempts: 1 })
      for (const path of ['/', '/a']) {
        const error = await failureOf(() => driver.stat(path))
        expect(error).toMatchObject({ code: 'UNKNOWN' })
        expect(error.message).toBe(`s3: S3 answered ${status}: the bucket is in another region, eu-west-3`)
      }
    }
  })

  const unknown: Record<string, ProxyAnswer> = {
    '404 NoSuchKey': { status: 404, body: '<Error><Code>NoSuchKey</Code><Message>No such key.</Message></Error>' },
    '501 NotImplemented': { status: 501, body: '<Error><Code>NotImplemented</Code></Error>' },
    '405 MethodNotAllowed': { status: 405, body: '<Error><Code>MethodNotAllowed</Code></Error>' },
  }
  for (const [name, answer] of Object.entries(unknown)) {
    it(`is that of a server without ListParts: ${name}`, async () => {
      const writer = await bench.driver.writer('/a')
      await write(writer, content(part + 1))
      await writer.close()
      await using proxy = await startProxy(bench.cloud, ({ method, url = '' }) =>
        method === 'GET' && url.includes('uploadId') ? answer : undefined,
      )
      const driver = bench.another({ regionEndpoint: proxy.endpoint, maxAttempts: 1 })
      const error = await failureOf(() => driver.writer('/a', { append: true }))
      expect(error).toMatchObject({ code: 'UNSUPPORTED' })
      expect(error.message).toContain('the server does not know ListParts')
    })
  }

  it('is that of a server that takes ListParts for something else', async () => {
    const writer = await bench.driver.writer('/a')
    await write(writer, content(part + 1))
    await writer.close()
    await using proxy = await startProxy(bench.cloud, ({ method, url = '' }) =>
      method === 'GET' && url.includes('uploadId') ? { status: 200, body: '<html></html>' } : undefined,
    )
    const driver = bench.another({ regionEndpoint: proxy.endpoint, maxAttempts: 1 })
    expect(await failureOf(() => driver.writer('/a', { append: true }))).toMatchObject({ code: 'UNKNOWN' })
  })

  it('is none at all, which is not called an answer of S3', async () => {
    // Jest's own errors are none to the SDK, so this one comes from here.
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:443'), { code: 'ECONNREFUSED' })
    expect(s3Error(refused)).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'no answer from S3: ECONNREFUSED: connect ECONNREFUSED 10.0.0.1:443',
    })
    expect(s3Error(new Error('No value provided for input HTTP label: Key.')).message).toBe(
      'the request to S3 failed: No value provided for input HTTP label: Key.',
    )
    const late = bench.another({ requestTimeout: '50ms', maxAttempts: 1 })
    bench.cloud.s3.faults.add(always({ kind: 'delay', milliseconds: 60_000 }))
    expect((await failureOf(driver => driver.getContent('/a'), late)).message).toMatch(/^s3: no answer from S3/)
  })
})

describe('a bucket that does not exist', () => {
  const calls: Record<string, (driver: StorageDriver) => Promise<unknown>> = {
    'stat of the root': driver => driver.stat('/'),
    stat: driver => driver.stat('/a'),
    list: driver => driver.list('/'),
    getContent: driver => driver.getContent('/a'),
    delete: driver => driver.delete('/a'),
    'an appending writer': driver => driver.writer('/a', { append: true }),
  }
  for (const [name, call] of Object.entries(calls)) {
    it(`is told by ${name}`, async () => {
      const error = await failureOf(call, bench.another({ bucket: 'nowhere' }))
      expect(error).toMatchObject({ code: 'UNKNOWN' })
      expect(error.message).toContain('the bucket does not exist')
    })
  }
})

describe('the wrong region', () => {
  it('is told', async () => {
    const error = await failureOf(driver => driver.list('/'), bench.another({ region: 'eu-central-1' }))
    expect(error).toMatchObject({ code: 'UNKNOWN' })
    expect(error.message).toContain('another region')
  })
})

describe('wrong credentials', () => {
  it('are ACCESS_DENIED, and no secret shows in the message or an inspection', async () => {
    const error = await failureOf(driver => driver.list('/'), bench.another(secrets))
    expect(error).toMatchObject({ code: 'ACCESS_DENIED' })
    const shown = `${error.message} ${inspect(error, { depth: 20, showHidden: true })} ${JSON.stringify(error)}`
    for (const [name, secret] of Object.entries(secrets)) expect([name, shown.includes(secret)]).toEqual([name, false])
  })

  it('show in no inspection of the driver', () => {
    const shown = inspect(bench.another(secrets), { depth: 20, showHidden: true })
    for (const [name, secret] of Object.entries(secrets)) expect([name, shown.includes(secret)]).toEqual([name, false])
  })
})

describe('an aborted signal', () => {
  const calls: Record<string, (driver: StorageDriver, signal: AbortSignal) => Promise<unknown>> = {
    getContent: (driver, signal) => driver.getContent('/a', { signal }),
    putContent: (driver, signal) => driver.putContent('/a', 'x', { signal }),
    reader: (driver, signal) => driver.reader('/a', { signal }),
    'an appending writer': (driver, signal) => driver.writer('/a', { append: true, signal }),
    stat: (driver, signal) => driver.stat('/a', { signal }),
    list: (driver, signal) => driver.list('/', { signal }),
    walk: async (driver, signal) => {
      for await (const _ of driver.walk('/', { signal }));
    },
    move: (driver, signal) => driver.move('/a', '/b', { signal }),
    delete: (driver, signal) => driver.delete('/a', { signal }),
    purgeUploads: (driver, signal) => driver.purgeUploads({ olderThan: new Date(), signal }),
  }
  const slow: Fault = { kind: 'delay', milliseconds: 60_000 }
  for (const [name, call] of Object.entries(calls)) {
    it(`ends ${name}, with its reason`, async () => {
      bench.cloud.s3.faults.add(always(slow))
      const controller = new AbortController()
      const ending = failure(call(bench.driver, controller.signal))
      // One that is on its way when the signal fires still arrives.
      await until(() => bench.cloud.s3.requests.count() === (name === 'delete' ? 2 : 1))
      const reason = new Error('the client left')
      controller.abort(reason)
      expect(await ending).toBe(reason)
      const requests = bench.cloud.s3.requests.count()
      await new Promise(resolve => setTimeout(resolve, 20))
      expect(bench.cloud.s3.requests.count()).toBe(requests)
    })
  }

  it('ends getContent in the middle of the content', async () => {
    await bench.bucket.put('a', content(4 * part))
    const controller = new AbortController()
    const reason = new Error('the client left')
    const ending = failure(bench.driver.getContent('/a', { signal: controller.signal }))
    await until(() => bench.cloud.s3.requests.count() > 0)
    setImmediate(() => controller.abort(reason))
    expect(await ending).toBe(reason)
  })

  it('ends the continuing of an upload that waits for memory', async () => {
    const small = { uploadMemory: part }
    const first = await bench.another(small).writer('/a')
    await write(first, content(100_000))
    await first.close()
    const holder = await bench.another().writer('/b')
    // The whole budget and more is out: every other upload waits.
    const large = bench.another({ uploadMemory: part })
    const writers = await Promise.all(Array.from({ length: 30 }, (_, index) => large.writer(`/c${index}`)))
    for (const writer of writers) writer.write(content(100_000))
    const controller = new AbortController()
    const reason = new Error('the client left')
    const ending = failure(large.writer('/a', { append: true, signal: controller.signal }))
    await until(() => bench.cloud.s3.requests.count('GetObject') > 0)
    setTimeout(() => controller.abort(reason), 50)
    expect(await ending).toBe(reason)
    for (const writer of [holder, ...writers]) await writer.cancel()
  })
})
