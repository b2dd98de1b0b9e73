import { describe, expect, it } from '@jest/globals'
import { codesOf, content, digestOf, locationOf, pushBlob, put } from '../support/client.ts'
import { sharedRegistry } from '../support/registry.ts'
import { answers } from './answers.ts'
import { waysToPush } from './pushing.ts'

const name = 'library/hello'
const registry = sharedRegistry()
const unknown = digestOf(content())
const isUpload = expect.stringMatching(/^\/v2\/library\/hello\/blobs\/uploads\/[0-9a-f-]{36}(?:\?|$)/)

async function pulled(location: string | null): Promise<Buffer> {
  return Buffer.from(await (await fetch(new URL(location ?? '', registry.url))).arrayBuffer())
}

describe('end-4a: POST /v2/<name>/blobs/uploads/', () => {
  const answer = { location: isUpload, range: '0-0', 'docker-upload-uuid': expect.any(String), 'content-length': '0' }
  answers(registry, {
    'starts an upload': { path: `${name}/blobs/uploads/`, method: 'POST', status: 202, answer },
    'refuses a name that is none': {
      path: 'Library/blobs/uploads/',
      method: 'POST',
      status: 400,
      code: 'NAME_INVALID',
    },
  })
})

describe('end-4b: POST /v2/<name>/blobs/uploads/?digest=<digest>', () => {
  const bytes = content()
  const digest = digestOf(bytes)
  const path = `${name}/blobs/uploads/?digest=`
  answers(registry, {
    'stores a blob': {
      path: path + digest,
      method: 'POST',
      body: bytes,
      status: 201,
      answer: { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest },
    },
    'refuses another digest': {
      path: path + unknown,
      method: 'POST',
      body: bytes,
      status: 400,
      code: 'DIGEST_INVALID',
    },
    'refuses a digest that is none': {
      path: `${path}sha256:1`,
      method: 'POST',
      body: bytes,
      status: 400,
      code: 'DIGEST_INVALID',
    },
  })
})

describe('pushing a blob', () => {
  const blobs = { some: content(3067), empty: Buffer.alloc(0), 'an empty JSON': Buffer.from('{}') }
  const cases = Object.entries(waysToPush).flatMap(([way, push]) =>
    Object.entries(blobs).flatMap(([what, bytes]) =>
      (['sha256', 'sha512'] as const).map(algorithm => ({ way, push, what, bytes, algorithm })),
    ),
  )
  // Of nothing there is no chunk.
  const possible = cases.filter(({ way, bytes }) => bytes.length > 0 || !way.includes('chunk'))
  it.each(possible)('$way: $what, $algorithm', async ({ push, bytes, algorithm }) => {
    const digest = digestOf(bytes, algorithm)
    const response = await push({ url: registry.url, name: `pushed/${algorithm}` }, digest, bytes)
    expect([response.status, response.headers.get('docker-content-digest')]).toEqual([201, digest])
    expect((await pulled(response.headers.get('location'))).equals(bytes)).toBe(true)
  })

  it.each(cases.filter(({ what }) => what === 'some'))(
    '$way: not with another $algorithm digest',
    async ({ push, bytes, algorithm }) => {
      const wrong = digestOf(content(), algorithm)
      const response = await push({ url: registry.url, name }, wrong, bytes)
      expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
      expect((await fetch(`${registry.url}/v2/${name}/blobs/${wrong}`)).status).toBe(404)
    },
  )
})

describe('end-11: POST /v2/<name>/blobs/uploads/?mount=<digest>&from=<other_name>', () => {
  const mount = (digest: string, from: string): string => `${name}/blobs/uploads/?mount=${digest}${from}`
  const upload = { method: 'POST', status: 202, answer: { location: isUpload } }
  answers(registry, {
    'starts an upload where there is no such blob': { path: mount(unknown, '&from=library/other'), ...upload },
    'starts an upload where there is no such repository': { path: mount(unknown, '&from=nothing'), ...upload },
    'starts an upload of an unknown blob from anywhere': { path: mount(unknown, ''), ...upload },
  })

  it('mounts a blob', async () => {
    const bytes = content()
    const digest = await pushBlob(registry, bytes, 'library/other')
    const response = await fetch(`${registry.url}/v2/${mount(digest, '&from=library/other')}`, { method: 'POST' })
    expect([response.status, response.headers.get('location')]).toEqual([201, `/v2/${name}/blobs/${digest}`])
    expect((await pulled(response.headers.get('location'))).equals(bytes)).toBe(true)
  })

  it('mounts a blob from anywhere, or starts an upload', async () => {
    const bytes = content()
    const digest = await pushBlob(registry, bytes, 'library/other')
    const response = await fetch(`${registry.url}/v2/${mount(digest, '')}`, { method: 'POST' })
    expect([201, 202]).toContain(response.status)
    if (response.status === 202) expect((await put(locationOf(response), digest, bytes)).status).toBe(201)
    expect((await pulled(`/v2/${name}/blobs/${digest}`)).equals(bytes)).toBe(true)
  })
})
