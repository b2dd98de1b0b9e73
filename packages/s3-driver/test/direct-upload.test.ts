import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import type { DirectUpload, UploadForm, UploadRequest } from '@longshore/middleware-core'
import { always, matching } from '@longshore/local-cloud'
import { content, mebibyte, part, useFixture } from './cloud.ts'

const fixture = useFixture()

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Sends a request as a client does: `fetch` makes `content-length` itself. */
async function send(
  { method, url, headers }: UploadRequest,
  body: Uint8Array,
): Promise<{ status: number; text: string }> {
  const { 'content-length': _, ...rest } = headers
  const response = await fetch(url, { method, headers: rest, body: Buffer.from(body) })
  return { status: response.status, text: await response.text() }
}

async function sendForm({ url, fields }: UploadForm, body: Uint8Array): Promise<{ status: number; text: string }> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([Buffer.from(body)]), 'a.bin')
  const response = await fetch(url, { method: 'POST', body: form })
  return { status: response.status, text: await response.text() }
}

async function sendParts(upload: DirectUpload, bytes: Uint8Array, numbers?: readonly number[]): Promise<void> {
  const all = Array.from({ length: upload.partCount }, (_, index) => index + 1)
  for (const number of numbers ?? all) {
    const piece = bytes.subarray((number - 1) * upload.partSize, number * upload.partSize)
    const sent = await send(await upload.partUrl(number, { sha256: sha256(piece) }), piece)
    expect(sent).toEqual({ status: 200, text: '' })
  }
}

describe('a URL to upload to', () => {
  const bytes = content(1000)
  const metadata = { contentType: 'image/png', cacheControl: 'no-store', custom: { id: '4711' } }

  it('stores the file with its metadata, and nothing passes the service', async () => {
    const { driver, cloud } = fixture
    const request = await driver.uploadUrlFor('/in box/ä+?.png', { size: 1000, sha256: sha256(bytes) })
    expect(cloud.s3.requests.records).toEqual([])
    expect(await send(request, bytes)).toEqual({ status: 200, text: '' })
    expect(bytes.equals(await driver.getContent('/in box/ä+?.png'))).toBe(true)
  })

  it.each([
    ['other bytes', content(1000, 7)],
    ['fewer bytes', bytes.subarray(1)],
    ['more bytes', Buffer.concat([bytes, bytes])],
  ])('is refused %s', async (_, others) => {
    const { driver } = fixture
    const request = await driver.uploadUrlFor('/a', { size: 1000, sha256: sha256(bytes) })
    expect((await send(request, others)).status).toBeGreaterThanOrEqual(400)
    await expect(driver.stat('/a')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  it('takes any bytes of the size where no SHA-256 is given', async () => {
    const { driver } = fixture
    const request = await driver.uploadUrlFor('/a', { size: 1000 })
    expect((await send(request, content(1000, 7))).status).toBe(200)
    expect((await send(request, content(999, 7))).status).toBe(403)
  })

  it('is refused with another header', async () => {
    const { driver } = fixture
    const { headers, ...request } = await driver.uploadUrlFor('/a', { size: 1000, metadata })
    expect(headers).toMatchObject({ 'content-type': 'image/png', 'x-amz-meta-id': '4711' })
    const changed = { ...request, headers: { ...headers, 'content-type': 'text/html' } }
    expect((await send(changed, bytes)).status).toBe(403)
    expect((await send({ ...request, headers }, bytes)).status).toBe(200)
  })

  it('stores only where no file is, if asked to', async () => {
    const { driver } = fixture
    const request = await driver.uploadUrlFor('/a', { size: 1000, ifAbsent: true })
    expect((await send(request, bytes)).status).toBe(200)
    expect((await send(request, bytes)).status).toBe(412)
  })

  it('expires', async () => {
    const { driver } = fixture
    const { expiresAt } = await driver.uploadUrlFor('/a', { size: 1, expiresIn: 60 })
    expect(expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 60_000)
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 50_000)
  })

  it('is for 5 GiB at most', async () => {
    const tooLarge = fixture.driver.uploadUrlFor('/a', { size: 5 * 1024 ** 3 + 1 })
    await expect(tooLarge).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', path: '/a' })
  })
})

describe('a form to upload with', () => {
  it('stores the file of a browser', async () => {
    const { driver } = fixture
    const form = await driver.uploadFormFor('/form/ü.png', {
      size: { min: 1, max: 2000 },
      metadata: { contentType: 'image/png', custom: { id: '4711' } },
    })
    expect((await sendForm(form, content(2000))).status).toBe(204)
    expect(content(2000).equals(await driver.getContent('/form/ü.png'))).toBe(true)
  })

  it.each([0, 2001])('refuses a file of %d bytes', async size => {
    const { driver } = fixture
    const form = await driver.uploadFormFor('/form', { size: { min: 1, max: 2000 } })
    expect((await sendForm(form, content(size))).status).toBe(400)
    await expect(driver.stat('/form')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  it('refuses another key, and a name that S3 would replace', async () => {
    const { driver } = fixture
    const form = await driver.uploadFormFor('/form', { size: { max: 2000 } })
    const elsewhere = { ...form, fields: { ...form.fields, key: 'elsewhere' } }
    expect((await sendForm(elsewhere, content(1))).status).toBe(403)
    const named = driver.uploadFormFor('/a-${filename}', { size: { max: 1 } })
    await expect(named).rejects.toMatchObject({ code: 'INVALID_PATH' })
  })
})

describe('a direct upload', () => {
  const size = 2 * part + 1000
  const bytes = content(size)

  it('is committed from parts that clients sent in any order, and twice', async () => {
    const { driver } = fixture
    const upload = await driver.directUpload('/a', { size, partSize: part })
    expect(upload).toMatchObject({ size, partSize: part, partCount: 3, id: expect.stringMatching(/^[\w-]+$/) })
    await sendParts(upload, bytes, [3, 1, 3])
    expect(await upload.parts()).toEqual([
      { number: 1, size: part },
      { number: 3, size: 1000 },
    ])
    await expect(driver.stat('/a')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await sendParts(upload, bytes, [2])
    const { revision } = await upload.commit()
    expect(await driver.stat('/a')).toMatchObject({ size, revision })
    expect(bytes.equals(await driver.getContent('/a'))).toBe(true)
    expect(fixture.bucket.keys()).toEqual(['a'])
  })

  it('is continued on another node, to a destination', async () => {
    const { driver } = fixture
    const { id } = await driver.directUpload('/incoming/4711', { size, partSize: part, destination: '/blobs/a' })
    const there = await fixture.another().directUpload('/incoming/4711', { id })
    await sendParts(there, bytes)
    await (await driver.directUpload('/incoming/4711', { id })).commit()
    expect(await driver.stat('/blobs/a')).toMatchObject({ size })
    await expect(driver.directUpload('/incoming/4711', { id })).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  })

  it('is committed again with the same result, as after an answer that was lost', async () => {
    const { driver } = fixture
    const upload = await driver.directUpload('/a', { size: 1000 })
    await sendParts(upload, bytes.subarray(0, 1000))
    const result = await upload.commit()
    const again = await fixture.another().directUpload('/a', { id: upload.id })
    expect(await again.commit()).toEqual(result)
    await expect(again.parts()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    await driver.putContent('/a', 'something else')
    await expect(driver.directUpload('/a', { id: upload.id })).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  })

  it('has an id that opens no upload to another path', async () => {
    const { driver } = fixture
    const { id } = await driver.directUpload('/a', { size })
    await expect(driver.directUpload('/b', { id })).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND', path: '/b' })
    await expect(driver.directUpload('/a', { id: 'x' })).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  })

  it('has the storage refuse a part of other bytes or another size', async () => {
    const { driver } = fixture
    const upload = await driver.directUpload('/a', { size: 1000 })
    const request = await upload.partUrl(1, { sha256: sha256(bytes.subarray(0, 1000)) })
    expect((await send(request, content(1000, 7))).status).toBe(400)
    expect((await send(request, bytes.subarray(0, 999))).status).toBe(403)
    expect(await upload.parts()).toEqual([])
  })

  it('says which parts are missing, and stays as it is', async () => {
    const { driver } = fixture
    const upload = await driver.directUpload('/a', { size, partSize: part })
    await sendParts(upload, bytes, [2])
    await expect(upload.commit()).rejects.toMatchObject({
      code: 'INVALID_STATE',
      detail: expect.stringContaining('1, 3'),
    })
    await sendParts(upload, bytes, [1, 3])
    await upload.commit()
    expect(await driver.stat('/a')).toMatchObject({ size })
  })

  it('keeps metadata', async () => {
    const { driver } = fixture
    const metadata = { contentType: 'auto', custom: { id: '4711' } }
    const upload = await driver.directUpload('/incoming', { size: 1000, metadata, destination: '/film.mp4' })
    await sendParts(upload, bytes.subarray(0, 1000))
    await upload.commit()
    const head = await fetch((await driver.urlFor('/film.mp4', { method: 'HEAD' }))?.url ?? '', { method: 'HEAD' })
    expect(head.headers.get('content-type')).toBe('video/mp4')
    expect(head.headers.get('x-amz-meta-id')).toBe('4711')
  })

  it('is cancelled with its parts, again without harm', async () => {
    const { driver } = fixture
    const upload = await driver.directUpload('/a', { size, partSize: part })
    await sendParts(upload, bytes, [1])
    await upload.cancel()
    await upload.cancel()
    expect(fixture.bucket.keys()).toEqual([])
    expect(fixture.bucket.uploads()).toEqual([])
    await expect(upload.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  })

  it.each([
    ['cancelled and', 'UPLOAD_NOT_FOUND'],
    ['still there and', 'UNSUPPORTED'],
  ])('that is %s of which the parts are said to be no key is %s', async (state, code) => {
    const upload = await fixture.driver.directUpload('/a', { size, partSize: part })
    if (state === 'cancelled and') await upload.cancel()
    const unknown = { kind: 'error', status: 404, code: 'NoSuchKey' } as const
    fixture.cloud.s3.faults.add(matching({ operation: 'ListParts' }, always(unknown)))
    await expect(upload.parts()).rejects.toMatchObject({ code })
    expect(fixture.bucket.uploads()).toHaveLength(state === 'cancelled and' ? 0 : 1)
  })

  it('has parts as large as the file needs them', async () => {
    const { driver } = fixture
    expect(await driver.directUpload('/a', { size: 1024 ** 4 })).toMatchObject({ partSize: 105 * mebibyte })
    const tooSmall = driver.directUpload('/a', { size: 10 * part, partSize: 1000 })
    await expect(tooSmall).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})
