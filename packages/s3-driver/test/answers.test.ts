import { describe, expect, it } from '@jest/globals'
import type { StorageDriver } from '@longshore/middleware-core'
import { content, failure, part, useFixture, write } from './cloud.ts'
import { type ProxyAnswer, startProxy } from './proxy.ts'

const bench = useFixture()
const bytes = content(100)
const etag = '"00112233445566778899aabbccddeeff"'

/** Reads with a driver whose GETs are answered like this. */
async function readFrom(
  answers: (Omit<ProxyAnswer, 'headers'> & { headers?: Record<string, string | number> })[],
  options: { offset?: number; length?: number; ifRevision?: string } = {},
): Promise<Buffer> {
  let count = 0
  await using proxy = await startProxy(bench.cloud, ({ method }) => {
    const answer = answers[Math.min(count, answers.length - 1)]!
    if (method !== 'GET') return undefined
    count++
    return { ...answer, headers: { etag, ...answer.headers } }
  })
  const driver = bench.another({ regionEndpoint: proxy.endpoint, maxAttempts: 1 })
  const reader = await driver.reader('/a', options)
  return Buffer.concat(await reader.toArray())
}

describe('a reader of a range takes', () => {
  const rest = bytes.subarray(10)

  it('206 with exactly the bytes that it asked for', async () => {
    const headers = { 'content-range': 'bytes 10-99/100', 'content-length': 90 }
    expect(await readFrom([{ status: 206, headers, body: rest }], { offset: 10 })).toEqual(rest)
  })

  it('200 where the whole object is what it asked for, or it begins behind the end', async () => {
    const whole = { status: 200, headers: { 'content-length': 100 }, body: bytes }
    expect(await readFrom([whole], { offset: 0, length: 200 })).toEqual(bytes)
    expect(await readFrom([whole], { offset: 100 })).toEqual(Buffer.alloc(0))
  })

  const wrong: Record<string, ProxyAnswer> = {
    '200 with the whole object': { status: 200, headers: { 'content-length': 100 }, body: bytes },
    '200 with the whole object, of no length': { status: 200, body: bytes },
    '200 that claims to be a range': { status: 200, headers: { 'content-range': 'bytes 10-19/100' }, body: bytes },
    '206 without a Content-Range': { status: 206, headers: { 'content-length': 10 }, body: bytes.subarray(10, 20) },
    '206 of another start': { status: 206, headers: { 'content-range': 'bytes 0-9/100' }, body: bytes.subarray(0, 10) },
    '206 of fewer bytes than there are': {
      status: 206,
      headers: { 'content-range': 'bytes 10-14/100' },
      body: bytes.subarray(10, 15),
    },
    '206 of more bytes than it asked for': {
      status: 206,
      headers: { 'content-range': 'bytes 10-29/100' },
      body: bytes.subarray(10, 30),
    },
    '206 whose length is not that of its range': {
      status: 206,
      headers: { 'content-range': 'bytes 10-19/100', 'content-length': 4 },
      body: bytes.subarray(10, 14),
    },
    '206 with more bytes than its range': {
      status: 206,
      headers: { 'content-range': 'bytes 10-19/100' },
      body: bytes.subarray(10, 40),
    },
    '206 with fewer bytes than its range, again and again': {
      status: 206,
      headers: { 'content-range': 'bytes 10-19/100' },
      body: '',
    },
  }
  for (const [name, answer] of Object.entries(wrong)) {
    it(`not ${name}`, async () => {
      const error = await failure(readFrom([answer], { offset: 10, length: 10 }))
      expect(error).toMatchObject({ name: 'StorageError', path: '/a' })
    })
  }
})

describe('a reader', () => {
  it('refuses a part where it asked for the whole', async () => {
    const headers = { 'content-range': 'bytes 0-9/100', 'content-length': 10 }
    await expect(readFrom([{ status: 206, headers, body: bytes.subarray(0, 10) }])).rejects.toMatchObject({
      code: 'UNKNOWN',
    })
  })

  it('refuses another revision than the one that it asked for, whatever the server makes of If-Match', async () => {
    const answer = { status: 200, headers: { 'content-length': 100 }, body: bytes }
    const other = '"ffffffffffffffffffffffffffffffff"'
    await expect(readFrom([answer], { ifRevision: other })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
    expect(await readFrom([answer], { ifRevision: etag })).toEqual(bytes)
  })

  it('goes on behind a body that ended too early, and only with the same object', async () => {
    const first = { status: 200, headers: { 'content-length': 100 }, body: bytes }
    const cut = { status: 206, headers: { 'content-range': 'bytes 0-49/50' }, body: bytes.subarray(0, 20) }
    const next = { status: 206, headers: { 'content-range': 'bytes 20-49/50' }, body: bytes.subarray(20, 50) }
    expect(await readFrom([cut, next], { offset: 0, length: 50 })).toEqual(bytes.subarray(0, 50))
    const other = { ...next, headers: { ...next.headers, etag: '"ffffffffffffffffffffffffffffffff"' } }
    await expect(readFrom([cut, other], { offset: 0, length: 50 })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    })
    await expect(readFrom([cut, first], { offset: 0, length: 50 })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })
})

describe('an answer that lacks what it must have is an error of', () => {
  const html = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>Welcome</body></html>' }
  const empty = { status: 200, headers: { 'content-length': 0 } }

  async function walkAll(driver: StorageDriver): Promise<void> {
    for await (const _ of driver.walk('/d'));
  }

  async function withAnswer(
    isMeant: (method: string, url: string) => boolean,
    answer: ProxyAnswer,
    call: (driver: ReturnType<typeof bench.another>) => Promise<unknown>,
  ): Promise<unknown> {
    await using proxy = await startProxy(bench.cloud, ({ method = '', url = '' }) =>
      isMeant(method, url) ? answer : undefined,
    )
    const options = { multipartCopyThresholdSize: part, multipartCopyChunkSize: part }
    return await failure(call(bench.another({ regionEndpoint: proxy.endpoint, maxAttempts: 1, ...options })))
  }

  it('stat, and not an empty file', async () => {
    const error = await withAnswer(
      method => method === 'HEAD',
      { status: 200, headers: { etag } },
      d => d.stat('/a'),
    )
    expect(error).toMatchObject({ code: 'UNKNOWN' })
  })

  it('list, walk, and delete, and not an empty directory', async () => {
    await bench.bucket.put('d/a', 'x')
    const isList = (method: string, url: string): boolean => method === 'GET' && url.includes('list-type')
    expect(await withAnswer(isList, html, d => d.list('/d'))).toMatchObject({ code: 'UNKNOWN' })
    expect(await withAnswer(isList, html, d => d.delete('/d'))).toMatchObject({ code: 'UNKNOWN' })
    expect(await withAnswer(isList, html, walkAll)).toMatchObject({
      code: 'UNKNOWN',
    })
    expect(bench.bucket.keys()).toEqual(['d/a'])
  })

  it('move, and not a reason to delete the source', async () => {
    const isCopy = (method: string, url: string): boolean => method === 'PUT' && url.startsWith('/longshore/b')
    for (const size of [10, 2 * part + 1]) {
      await bench.bucket.put('a', Buffer.alloc(size))
      for (const answer of [html, empty]) {
        expect(await withAnswer(isCopy, answer, d => d.move('/a', '/b'))).toMatchObject({ code: expect.anything() })
        expect(bench.bucket.keys()).toEqual(['a'])
        expect(bench.bucket.uploads()).toEqual([])
      }
    }
  })

  it('an upload, at its creation, at a part and at its end', async () => {
    const upload = async (driver: ReturnType<typeof bench.another>): Promise<void> => {
      const writer = await driver.writer('/a')
      await write(writer, content(part + 1))
      await writer.commit()
    }
    const isCreation = (method: string, url: string): boolean => method === 'POST' && url.includes('?uploads')
    const isPart = (method: string, url: string): boolean => method === 'PUT' && url.includes('partNumber')
    const isEnd = (method: string, url: string): boolean => method === 'POST' && url.includes('uploadId')
    expect(await withAnswer(isCreation, html, upload)).toMatchObject({ code: 'UNKNOWN' })
    expect(await withAnswer(isPart, empty, upload)).toMatchObject({ code: 'UNKNOWN' })
    expect(await withAnswer(isEnd, html, upload)).toMatchObject({ code: 'UNAVAILABLE' })
    expect(bench.bucket.keys().filter(key => key === 'a')).toEqual([])
  })
})
