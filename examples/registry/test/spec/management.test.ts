import { beforeEach, describe, expect, it } from '@jest/globals'
import { content, digestOf, newManifest, pushBlob, putManifest } from '../support/client.ts'
import { sharedRegistry } from '../support/registry.ts'
import { answers } from './answers.ts'

const name = 'library/hello'
const registry = sharedRegistry({ deletes: true })
const unknown = digestOf(content())

let digest: string
beforeEach(async () => {
  const body = await newManifest(registry)
  digest = digestOf(body)
  for (const tag of ['first', 'second']) await putManifest(registry, tag, body)
})

const status = async (path: string, method = 'GET'): Promise<number> =>
  (await fetch(`${registry.url}/v2/${name}/${path}`, { method })).status

describe('end-9: DELETE /v2/<name>/manifests/<reference>', () => {
  const path = `${name}/manifests/`
  const gone = { method: 'DELETE', status: 404, code: 'MANIFEST_UNKNOWN' } as const
  answers(registry, {
    'deletes a tag': { path: `${path}first`, method: 'DELETE', status: 202 },
    'deletes a manifest': { path: () => path + digest, method: 'DELETE', status: 202 },
    'knows no other tag': { path: `${path}other`, ...gone },
    'knows no other digest': { path: path + unknown, ...gone },
    'knows no repository': { path: `nothing/manifests/${unknown}`, ...gone },
    'knows no digest that is none': { path: `${path}sha256:bad`, ...gone },
    'refuses a name that is none': { path: 'Library/manifests/a', method: 'DELETE', status: 400, code: 'NAME_INVALID' },
  })

  it('leaves the manifest of a tag, and its other tags', async () => {
    await status('manifests/first', 'DELETE')
    expect(await Promise.all(['first', 'second', digest].map(reference => status(`manifests/${reference}`)))).toEqual([
      404, 200, 200,
    ])
  })

  it('leaves no tag of a manifest', async () => {
    await status(`manifests/${digest}`, 'DELETE')
    expect(await Promise.all(['first', 'second', digest].map(reference => status(`manifests/${reference}`)))).toEqual([
      404, 404, 404,
    ])
    const list = await fetch(`${registry.url}/v2/${name}/tags/list`)
    expect(await list.json()).toEqual({ name, tags: [] })
    expect(await status(`manifests/${digest}`, 'DELETE')).toBe(404)
  })
})

describe('end-10: DELETE /v2/<name>/blobs/<digest>', () => {
  const path = `${name}/blobs/`
  const gone = { method: 'DELETE', status: 404, code: 'BLOB_UNKNOWN' } as const
  answers(registry, {
    'deletes a blob': { path: async () => path + (await pushBlob(registry)), method: 'DELETE', status: 202 },
    'knows no other blob': { path: path + unknown, ...gone },
    'knows no repository': { path: `nothing/blobs/${unknown}`, ...gone },
    'refuses a digest that is none': {
      path: `${path}sha256:bad`,
      method: 'DELETE',
      status: 400,
      code: 'DIGEST_INVALID',
    },
    'refuses a name that is none': {
      path: `Library/blobs/${unknown}`,
      method: 'DELETE',
      status: 400,
      code: 'NAME_INVALID',
    },
  })

  it('takes a blob from one repository and no other', async () => {
    const bytes = content()
    const blob = await pushBlob(registry, bytes)
    await pushBlob(registry, bytes, 'library/other')
    expect(await status(`blobs/${blob}`, 'DELETE')).toBe(202)
    expect(await Promise.all(['GET', 'HEAD', 'DELETE'].map(method => status(`blobs/${blob}`, method)))).toEqual([
      404, 404, 404,
    ])
    expect((await fetch(`${registry.url}/v2/library/other/blobs/${blob}`)).status).toBe(200)
  })
})

describe('where deletes are turned off', () => {
  const keeping = sharedRegistry()
  const refused = { method: 'DELETE', status: 405, code: 'UNSUPPORTED' } as const
  answers(keeping, {
    'end-9 deletes no tag': { path: `${name}/manifests/first`, ...refused },
    'end-9 deletes no manifest': { path: `${name}/manifests/${unknown}`, ...refused },
    'end-10 deletes no blob': { path: `${name}/blobs/${unknown}`, ...refused },
  })
})
