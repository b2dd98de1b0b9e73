import { describe, expect, it } from '@jest/globals'
import { content, digestOf, imageType, newManifest, pushBlob, putManifest } from '../support/client.ts'
import { startRegistry } from '../support/registry.ts'
import { answers } from './answers.ts'
import { waysToPush } from './pushing.ts'
import { sharedStack } from './stack.ts'

const name = 'library/hello'
const registry = sharedStack()
const unknown = digestOf(content())

const blob = async (repository = name): Promise<string> =>
  `${name}/blobs/${await pushBlob(registry, content(), repository)}`

const manifest = async (reference?: string): Promise<string> => {
  const body = await newManifest(registry)
  await putManifest(registry, 'pulled', body)
  return `${name}/manifests/${reference ?? digestOf(body)}`
}

describe('end-1: GET /v2/', () => {
  const answer = { 'docker-distribution-api-version': 'registry/2.0' }
  answers(registry, {
    'says that this is a registry': { path: '', status: 200, answer },
    'answers HEAD': { path: '', method: 'HEAD', status: 200, answer },
  })
})

describe('end-2: GET and HEAD /v2/<name>/blobs/<digest>', () => {
  answers(registry, {
    'gives a blob': { path: blob, status: 200, answer: { 'content-length': '1000' } },
    'tells a blob': {
      path: blob,
      method: 'HEAD',
      status: 200,
      answer: { 'content-length': '1000', 'docker-content-digest': expect.stringMatching(/^sha256:/) },
    },
    'knows no other blob': { path: `${name}/blobs/${unknown}`, status: 404, code: 'BLOB_UNKNOWN' },
    'tells no other blob': { path: `${name}/blobs/${unknown}`, method: 'HEAD', status: 404 },
    'knows no blob of another repository': { path: () => blob('library/other'), status: 404, code: 'BLOB_UNKNOWN' },
    'knows no repository': { path: `nothing/blobs/${unknown}`, status: 404, code: 'BLOB_UNKNOWN' },
    'refuses a digest that is none': { path: `${name}/blobs/sha256:bad`, status: 400, code: 'DIGEST_INVALID' },
    'refuses a name that is none': { path: `Library/blobs/${unknown}`, status: 400, code: 'NAME_INVALID' },
  })

  it('gives a sha512 blob', async () => {
    const bytes = content()
    const digest = digestOf(bytes, 'sha512')
    await waysToPush['by POST and PUT']({ url: registry.url, name }, digest, bytes)
    const response = await fetch(`${registry.url}/v2/${name}/blobs/${digest}`)
    expect(digestOf(new Uint8Array(await response.arrayBuffer()), 'sha512')).toBe(digest)
  })

  describe.each([true, false])('ranges, with redirects %s', redirects => {
    it.each([
      ['bytes=500-1499', 206, 'bytes 500-1499/2048'],
      ['bytes=500-', 206, 'bytes 500-2047/2048'],
      ['bytes=-500', 206, 'bytes 1548-2047/2048'],
      ['bytes=2000-5000', 206, 'bytes 2000-2047/2048'],
      ['bytes=5000-10000', 416, 'bytes */2048'],
    ])('%s', async (range, status, contentRange) => {
      await using inline = await startRegistry({ redirects })
      const { url } = redirects ? registry : inline
      const bytes = content(2048)
      const digest = await pushBlob({ url }, bytes)
      const response = await fetch(`${url}/v2/${name}/blobs/${digest}`, { headers: { range } })
      expect([response.status, response.headers.get('content-range')]).toEqual([status, contentRange])
      if (status === 416) return
      const [, first, last] = /(\d+)-(\d+)/.exec(contentRange) ?? []
      const expected = bytes.subarray(Number(first), Number(last) + 1)
      expect(response.headers.get('content-length')).toBe(String(expected.length))
      expect(Buffer.from(await response.arrayBuffer()).equals(expected)).toBe(true)
    })
  })
})

describe('end-3: GET and HEAD /v2/<name>/manifests/<reference>', () => {
  const answer = {
    'content-type': imageType,
    'content-length': expect.stringMatching(/^\d+$/),
    'docker-content-digest': expect.stringMatching(/^sha256:/),
    etag: expect.stringMatching(/^"sha256:/),
  }
  answers(registry, {
    'gives a manifest by its digest': { path: () => manifest(), status: 200, answer },
    'tells a manifest by its digest': { path: () => manifest(), method: 'HEAD', status: 200, answer },
    'gives a manifest by a tag': { path: () => manifest('pulled'), status: 200, answer },
    'tells a manifest by a tag': { path: () => manifest('pulled'), method: 'HEAD', status: 200, answer },
    'knows no other digest': { path: `${name}/manifests/${unknown}`, status: 404, code: 'MANIFEST_UNKNOWN' },
    'knows no other tag': { path: `${name}/manifests/other`, status: 404, code: 'MANIFEST_UNKNOWN' },
    'tells no other tag': { path: `${name}/manifests/other`, method: 'HEAD', status: 404 },
    'knows no repository': { path: 'nothing/manifests/latest', status: 404, code: 'MANIFEST_UNKNOWN' },
    'knows no digest that is none': {
      path: `${name}/manifests/sha256:baddigeststring`,
      status: 404,
      code: 'MANIFEST_UNKNOWN',
    },
    'refuses a name that is none': { path: 'Library/manifests/latest', status: 400, code: 'NAME_INVALID' },
  })
})
