import { describe, expect, it } from '@jest/globals'
import type { ErrorCode } from '../../src/oci/errors.ts'
import { codesOf, content, digestOf, locationOf, patch, put, startUpload } from '../support/client.ts'
import { sharedRegistry } from '../support/registry.ts'
import { answers } from './answers.ts'

const name = 'library/hello'
const registry = sharedRegistry()
const unknown = digestOf(content())
const noUpload = `${name}/blobs/uploads/${crypto.randomUUID()}`

async function refusedOption(response: Response, status: number, code: ErrorCode): Promise<void> {
  expect([response.status, await codesOf(response)]).toEqual([status, [code]])
}

describe('end-5: PATCH /v2/<name>/blobs/uploads/<reference>', () => {
  answers(registry, {
    'knows no other upload': {
      path: noUpload,
      method: 'PATCH',
      body: content(),
      status: 404,
      code: 'BLOB_UPLOAD_UNKNOWN',
    },
    'knows no upload of that form': {
      path: `${name}/blobs/uploads/1`,
      method: 'PATCH',
      body: content(),
      status: 404,
      code: 'BLOB_UPLOAD_UNKNOWN',
    },
  })

  it('takes chunk after chunk', async () => {
    const first = await patch(await startUpload(registry), content(100), '0-99')
    const answer = [202, expect.stringContaining('/blobs/uploads/')]
    expect([first.status, first.headers.get('location'), first.headers.get('range')]).toEqual([...answer, '0-99'])
    const second = await patch(locationOf(first), content(50), '100-149')
    expect([second.status, second.headers.get('location'), second.headers.get('range')]).toEqual([...answer, '0-149'])
  })

  it.each(['PATCH', 'PUT'])('refuses chunks that are out of order, by %s, and goes on after them', async method => {
    const bytes = content(300)
    const digest = digestOf(bytes)
    const outOfOrder = (location: string, start: number): Promise<Response> =>
      method === 'PUT'
        ? put(location, digest, bytes.subarray(start, start + 100), `${start}-${start + 99}`)
        : patch(location, bytes.subarray(start, start + 100), `${start}-${start + 99}`)
    let location = await startUpload(registry)
    for (const [start, bad] of [
      [0, 100],
      [100, 200],
      [200, 0],
    ] as const) {
      await refusedOption(await outOfOrder(location, bad), 416, 'RANGE_INVALID')
      const status = await fetch(location)
      expect([status.status, status.headers.get('range')]).toEqual([204, `0-${Math.max(start - 1, 0)}`])
      location = locationOf(
        await patch(locationOf(status), bytes.subarray(start, start + 100), `${start}-${start + 99}`),
      )
    }
    expect((await put(location, digest)).status).toBe(201)
  })

  it('refuses a chunk that is not as long as its range', async () => {
    await refusedOption(await patch(await startUpload(registry), content(100), '0-49'), 400, 'SIZE_INVALID')
  })
})

describe('end-6: PUT /v2/<name>/blobs/uploads/<reference>?digest=<digest>', () => {
  const path = `${noUpload}?digest=${unknown}`
  answers(registry, {
    'knows no other upload': { path, method: 'PUT', body: content(), status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
    'refuses to end without a digest': {
      path: noUpload,
      method: 'PUT',
      body: content(),
      status: 400,
      code: 'DIGEST_INVALID',
    },
  })

  it('ends an upload', async () => {
    const bytes = content()
    const location = await startUpload(registry)
    const digest = digestOf(bytes)
    const response = await put(location, digest, bytes)
    expect([response.status, response.headers.get('location')]).toEqual([201, `/v2/${name}/blobs/${digest}`])
    await refusedOption(await fetch(location), 404, 'BLOB_UPLOAD_UNKNOWN')
  })
})

describe('end-13: GET /v2/<name>/blobs/uploads/<reference>', () => {
  answers(registry, { 'knows no other upload': { path: noUpload, status: 404, code: 'BLOB_UPLOAD_UNKNOWN' } })

  it('tells how much is there', async () => {
    const location = await startUpload(registry)
    await patch(location, content(100))
    const response = await fetch(location)
    expect([response.status, response.headers.get('range')]).toEqual([204, '0-99'])
    expect(new URL(locationOf(response)).pathname).toBe(new URL(location).pathname)
  })

  it('knows no upload any more that was cancelled', async () => {
    const location = await startUpload(registry)
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(204)
    await refusedOption(await fetch(location), 404, 'BLOB_UPLOAD_UNKNOWN')
    await refusedOption(await patch(location, content()), 404, 'BLOB_UPLOAD_UNKNOWN')
  })
})
