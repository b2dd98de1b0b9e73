import { describe, expect, it } from '@jest/globals'
import { type FaultRule, matching } from '@longshore/local-cloud'
import type { FileWriter } from '@longshore/middleware-core'
import { content, failure, part, until, useFixture, write } from './cloud.ts'
import { uploadElsewhere } from './other-program.ts'

const fixture = useFixture()
const older = content(2 * part + 5)
const newer = content(part + 7, 2)

async function start(bytes: Uint8Array, append = false, options = {}): Promise<FileWriter> {
  const writer = await fixture.another(options).writer('/a', { append })
  await write(writer, bytes)
  return writer
}

async function left(): Promise<number> {
  const writer = await fixture.another().writer('/a', { append: true })
  const { size } = writer
  writer.destroy()
  return size
}

/** A server that leaves conditions out in silence. Signatures V2 do not cover them. */
const ignoresConditions: FaultRule = ({ headers }) => {
  delete headers['if-match']
  delete headers['if-none-match']
  return undefined
}

const nextSecond = (): Promise<void> => {
  const now = Math.floor(Date.now() / 1000)
  return until(() => Math.floor(Date.now() / 1000) > now)
}

describe.each([
  ['keeps conditions', undefined, {}],
  ['leaves conditions out', ignoresConditions, { v4Auth: false }],
])('on a server that %s, the checkpoint of a newer, closed upload', (_, rule, options) => {
  it.each(['commit', 'cancel'] as const)('stays when an older writer ends with %s', async end => {
    if (rule) fixture.cloud.s3.faults.add(rule)
    const first = await start(older, false, options)
    await until(() => fixture.bucket.keys('~uploads/').length > 0)
    const second = await start(newer, false, options)
    await second.close()
    await first[end]()
    expect(await left()).toBe(newer.length)
    await (await fixture.another().writer('/a', { append: true })).commit()
    expect((await fixture.bucket.read('a'))?.equals(newer)).toBe(true)
  })

  it('goes with its own writer', async () => {
    if (rule) fixture.cloud.s3.faults.add(rule)
    const writer = await start(newer, false, options)
    await writer.close()
    await writer.commit()
    expect(fixture.bucket.keys()).toEqual(['a'])
  })
})

describe('two writers that continue one upload', () => {
  it('do not replace what the other has closed', async () => {
    await (await start(newer)).close()
    const [first, second] = [await start(Buffer.from('first'), true), await start(Buffer.from('second'), true)]
    await second.close()
    expect(await failure(first.close())).toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    expect(await left()).toBe(newer.length + 'second'.length)
  })

  it('know their own checkpoint again when the answer to it was lost', async () => {
    await (await start(newer)).close()
    let tries = 0
    const lost = matching({ operation: 'PutObject', key: '~uploads/a' }, () =>
      ++tries === 1 ? { kind: 'reset', when: 'after' } : undefined,
    )
    fixture.cloud.s3.faults.add(lost)
    const writer = await start(Buffer.from('more'), true)
    await writer.close()
    expect(tries).toBeGreaterThan(1)
    await writer.commit()
    expect((await fixture.bucket.read('a'))?.length).toBe(newer.length + 'more'.length)
    expect(fixture.bucket.keys()).toEqual(['a'])
  })
})

describe('a purge', () => {
  it('keeps an upload that is closed again right before it would be discarded', async () => {
    await (await start(newer)).close()
    await nextSecond()
    const olderThan = new Date()
    const checkpoint = (await fixture.bucket.read('~uploads/a'))!
    const again = Buffer.from(checkpoint.toString('latin1').replace(/"id":"./, '"id":"x'), 'latin1')
    let tries = 0
    const closing = matching({ operation: 'DeleteObject', key: '~uploads/a' }, () => {
      if (++tries > 1) return undefined
      fixture.bucket.put('~uploads/a', again).catch(() => {})
      return { kind: 'error', status: 503, code: 'SlowDown' }
    })
    fixture.cloud.s3.faults.add(closing)
    await expect(fixture.driver.purgeUploads({ olderThan })).resolves.toEqual({ uploads: 0 })
    expect(tries).toBe(2)
    fixture.cloud.s3.faults.clear()
    expect(await left()).toBe(newer.length)
  })

  it('keeps an upload whose checkpoint is young though a listing says otherwise, and its overflow', async () => {
    const writer = await start(newer)
    await until(() => fixture.bucket.uploads()[0]?.parts.length === 1)
    await nextSecond()
    const olderThan = new Date()
    await writer.close()
    await expect(fixture.driver.purgeUploads({ olderThan })).resolves.toEqual({ uploads: 0 })
    expect(await left()).toBe(newer.length)
    await expect(fixture.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })).resolves.toEqual({
      uploads: 1,
    })
    expect([fixture.bucket.keys(), fixture.bucket.uploads()]).toEqual([[], []])
  })

  it('discards what earlier versions left below ~uploads, but no checkpoint of a path that looks the same', async () => {
    const id = '123e4567-e89b-42d3-a456-426614174000'
    await fixture.bucket.put(`~uploads/a~${id}`, content(100))
    const writer = await fixture.driver.writer(`/b~${id}`)
    await write(writer, newer)
    await writer.close()
    await expect(fixture.driver.purgeUploads({ olderThan: new Date(Date.now() - 60_000) })).resolves.toEqual({
      uploads: 0,
    })
    expect(fixture.bucket.keys()).toEqual([`~uploads/a~${id}`, `~uploads/b~${id}`])
    const olderThan = new Date(Date.now() + 60_000)
    await fixture.driver.purgeUploads({ olderThan, path: '/a' })
    expect(fixture.bucket.keys()).toEqual([`~uploads/b~${id}`])
    await expect(fixture.driver.purgeUploads({ olderThan, path: `/b~${id}` })).resolves.toEqual({ uploads: 1 })
    expect([fixture.bucket.keys(), fixture.bucket.uploads()]).toEqual([[], []])
  })
})

describe('the multipart upload of an interrupted copy', () => {
  it('is continued by nobody, and goes with a purge', async () => {
    await fixture.bucket.put('secret', older)
    let parts = 0
    fixture.cloud.s3.faults.add(({ operation }) => {
      const denied = { kind: 'error', status: 403, code: 'AccessDenied' } as const
      if (operation === 'UploadPartCopy' && ++parts === 2) return denied
      return operation === 'AbortMultipartUpload' || operation === 'DeleteObject' ? denied : undefined
    })
    const copies = { multipartCopyThresholdSize: part, multipartCopyChunkSize: part, multipartCopyMaxConcurrency: 1 }
    await failure(fixture.another(copies).move('/secret', '/a'))
    fixture.cloud.s3.faults.clear()
    expect(fixture.bucket.uploads()[0]?.parts).toHaveLength(1)
    const appending = fixture.another().writer('/a', { append: true })
    await expect(appending).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(fixture.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })).resolves.toEqual({
      uploads: 1,
    })
    expect([fixture.bucket.keys(), fixture.bucket.uploads()]).toEqual([['secret'], []])
  })
})

describe('the multipart upload of a direct upload', () => {
  it.each(['/a', '/b'])('is continued by no writer, at its own path or another: %s', async destination => {
    const upload = await fixture.driver.directUpload('/a', { size: newer.length, destination })
    const { url, headers } = await upload.partUrl(1)
    const { 'content-length': _, ...others } = headers
    const body = newer.subarray(0, upload.partSize)
    expect((await fetch(url, { method: 'PUT', headers: others, body })).status).toBe(200)
    const appending = fixture.another().writer(destination, { append: true })
    await expect(appending).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(fixture.driver.purgeUploads({ olderThan: new Date(Date.now() - 60_000) })).resolves.toEqual({
      uploads: 0,
    })
    await expect(fixture.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000) })).resolves.toEqual({
      uploads: 1,
    })
    expect([fixture.bucket.keys(), fixture.bucket.uploads()]).toEqual([[], []])
  })
})

describe('the path of an upload whose own keys would be too long', () => {
  it('is refused at the start, not at the end', async () => {
    const path = `/${'x'.repeat(1000)}`
    await expect(fixture.driver.writer(path)).rejects.toMatchObject({ code: 'INVALID_PATH' })
    await fixture.driver.putContent(path, 'short')
    const longest = `/${'y'.repeat(969)}`
    const writer = await fixture.driver.writer('/a', { destination: path })
    await write(writer, newer)
    await writer.commit()
    expect((await fixture.driver.stat(path)).size).toBe(newer.length)
    const another = await fixture.driver.writer(longest, { destination: '/b' })
    await write(another, newer)
    await another.close()
    await (await fixture.another().writer(longest, { append: true })).commit()
    expect((await fixture.driver.stat(longest)).size).toBe(newer.length)
  })
})

describe('a checkpoint of an earlier version', () => {
  it('is continued, overflow and multipart upload at the keys that they had then included', async () => {
    const id = '123e4567-e89b-42d3-a456-426614174000'
    const uploadId = await uploadElsewhere(fixture.cloud, `~uploads/a~${id}`, {
      1: older.subarray(0, part),
      2: older.subarray(part, 2 * part),
    })
    const checkpoint = { version: 2, uploadId, staged: id, token: 't', offset: 2 * part, stale: {} }
    const tail = older.subarray(2 * part)
    await fixture.bucket.put('~uploads/a', Buffer.concat([Buffer.from(`${JSON.stringify(checkpoint)}\n`), tail]))
    const writer = await start(Buffer.from('x'), true)
    await writer.close()
    expect(await left()).toBe(older.length + 1)
    const spill = { version: 1, token: 't', offset: 0, spill: { id, length: newer.length } }
    await fixture.bucket.put('~uploads/b', `${JSON.stringify(spill)}\n`)
    await fixture.bucket.put(`~uploads/b~${id}`, newer)
    const other = await fixture.driver.writer('/b', { append: true })
    expect(other.size).toBe(newer.length)
    await other.commit()
    await (await fixture.another().writer('/a', { append: true, destination: '/c' })).commit()
    expect((await fixture.bucket.read('c'))?.equals(Buffer.concat([older, Buffer.from('x')]))).toBe(true)
    expect([fixture.bucket.keys(), fixture.bucket.uploads()]).toEqual([['b', 'c'], []])
  })
})
