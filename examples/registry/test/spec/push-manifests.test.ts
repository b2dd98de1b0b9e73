import { beforeAll, describe, expect, it } from '@jest/globals'
import { content, descriptor, digestOf, imageType, newManifest } from '../support/client.ts'
import { sharedRegistry } from '../support/registry.ts'
import { answers } from './answers.ts'

const name = 'library/hello'
const registry = sharedRegistry()
const unknown = digestOf(content())

describe('end-7: PUT /v2/<name>/manifests/<reference>', () => {
  let body: string
  beforeAll(async () => {
    body = await newManifest(registry)
  })

  const invalid = { method: 'PUT', status: 400, code: 'MANIFEST_INVALID' } as const
  const missing = JSON.stringify({ schemaVersion: 2, mediaType: imageType, config: descriptor(unknown), layers: [] })
  const headers = { 'content-type': imageType }
  answers(registry, {
    'refuses what is no manifest': { path: `${name}/manifests/bad`, ...invalid, body: '{}', headers },
    'refuses what has no blob': {
      path: `${name}/manifests/bad`,
      method: 'PUT',
      body: missing,
      headers,
      status: 404,
      code: 'MANIFEST_BLOB_UNKNOWN',
    },
    'refuses another type': {
      path: `${name}/manifests/bad`,
      ...invalid,
      body: missing,
      headers: { 'content-type': 'text/plain' },
    },
    'refuses more than 4 MiB': {
      path: `${name}/manifests/bad`,
      ...invalid,
      status: 413,
      body: missing.padEnd(4 * 1024 * 1024 + 1),
      headers,
    },
    'refuses another digest': {
      path: `${name}/manifests/${digestOf('')}`,
      method: 'PUT',
      body: missing,
      headers,
      status: 400,
      code: 'DIGEST_INVALID',
    },
    'refuses a digest that is none': {
      path: `${name}/manifests/sha256:baddigeststring`,
      method: 'PUT',
      body: missing,
      headers,
      status: 400,
      code: 'DIGEST_INVALID',
    },
    'refuses a tag that is none': {
      path: `${name}/manifests/-tag`,
      method: 'PUT',
      body: missing,
      headers,
      status: 400,
      code: 'TAG_INVALID',
    },
    'refuses a name that is none': {
      path: 'Library/manifests/bad',
      method: 'PUT',
      body: missing,
      headers,
      status: 400,
      code: 'NAME_INVALID',
    },
  })

  it.each(['by a tag', 'by its digest'])('stores a manifest %s', async how => {
    const digest = digestOf(body)
    const reference = how === 'by a tag' ? 'pushed' : digest
    const response = await fetch(`${registry.url}/v2/${name}/manifests/${reference}`, { method: 'PUT', body, headers })
    expect([response.status, response.headers.get('docker-content-digest')]).toEqual([201, digest])
    const location = new URL(response.headers.get('location') ?? '', registry.url)
    expect(await (await fetch(location)).text()).toBe(body)
  })
})
