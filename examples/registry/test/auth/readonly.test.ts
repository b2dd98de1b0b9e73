import { describe, expect, it } from '@jest/globals'
import { codesOf, content, digestOf, newManifest, pushBlob, putManifest, startUpload } from '../support/client.ts'
import { filesOf, startRegistry } from '../support/registry.ts'

describe('a registry that is read-only', () => {
  it('refuses every write before it is received, and changes nothing', async () => {
    await using writable = await startRegistry()
    const { storage } = writable
    const blob = await pushBlob(writable)
    const upload = new URL(await startUpload(writable)).pathname
    await putManifest(writable, 'latest', await newManifest(writable))
    const before = await filesOf(storage)

    await using registry = await startRegistry({ storage, readOnly: true, deletes: true })
    const name = '/v2/library/hello'
    for (const [method, path] of [
      ['POST', `${name}/blobs/uploads/`],
      ['POST', `${name}/blobs/uploads/?digest=${digestOf('x')}`],
      ['POST', `/v2/other/blobs/uploads/?mount=${blob}&from=library/hello`],
      ['PATCH', upload],
      ['PUT', `${upload}?digest=${digestOf('x')}`],
      ['DELETE', upload],
      ['PUT', `${name}/manifests/latest`],
      ['DELETE', `${name}/manifests/latest`],
      ['DELETE', `${name}/blobs/${blob}`],
    ] as const) {
      const body = method === 'DELETE' ? null : content()
      const response = await fetch(`${registry.url}${path}`, { method, body })
      expect({ method, path, status: response.status }).toEqual({ method, path, status: 405 })
      expect(await codesOf(response)).toEqual(['UNSUPPORTED'])
    }
    expect(await filesOf(storage)).toEqual(before)
  })

  it('is pulled from as ever', async () => {
    await using writable = await startRegistry()
    const blob = await pushBlob(writable)
    await putManifest(writable, 'latest', await newManifest(writable))
    await using registry = await startRegistry({ storage: writable.storage, readOnly: true })
    for (const path of [
      '',
      'library/hello/manifests/latest',
      `library/hello/blobs/${blob}`,
      'library/hello/tags/list',
    ]) {
      expect((await fetch(`${registry.url}/v2/${path}`)).status).toBe(200)
    }
  })
})
