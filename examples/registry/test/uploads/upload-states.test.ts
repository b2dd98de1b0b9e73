import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { inmemory } from '@longshore/middleware-core'
import {
  codesOf,
  content,
  digestOf,
  locationOf,
  patch,
  pulled,
  put,
  startUpload,
  withQuery,
  withoutQuery,
} from '../support/client.ts'
import { filesOf, startRegistry } from '../support/registry.ts'

const top = '/docker/registry/v2/repositories/library/hello/_uploads'

const send = {
  PATCH: (url: string, bytes: Buffer<ArrayBuffer>) => patch(url, bytes),
  PUT: (url: string, bytes: Buffer<ArrayBuffer>) => put(url, digestOf(bytes), bytes),
}

/** Two nodes on one storage. */
async function twoNodes(secrets: readonly (string | undefined)[] = ['shared', 'shared']) {
  const storage = inmemory()
  const one = await startRegistry({ storage, secret: secrets[0] })
  const other = await startRegistry({ storage, secret: secrets[1] })
  return {
    storage,
    one,
    other,
    /** The same URL at the other node. */
    elsewhere: (url: string) => url.replace(one.url, other.url),
    async uploads(): Promise<string[]> {
      return [...(await filesOf(storage)).keys()].filter(path => path.includes('/_uploads/'))
    },
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    },
  }
}

describe.each([
  ['share a secret', ['shared', 'shared']],
  ['have their own', ['one', 'other']],
  ['have none', []],
] as const)('an upload whose first URL is used to the end, on nodes that %s', (_, [first, second]) => {
  const begin = async () => {
    const nodes = await twoNodes([first, second])
    const start = await startUpload(nodes.one)
    return { ...nodes, start, bytes: content(300) }
  }

  it('takes a chunk once: another without its range is refused, and told where to go on', async () => {
    const { start, bytes, other, uploads, ...nodes } = await begin()
    await using _ = nodes
    const [head, tail] = [bytes.subarray(0, 200), bytes.subarray(200)]
    expect((await patch(start, head)).status).toBe(202)
    for (const again of [head, tail]) {
      const refused = await patch(start, again)
      expect([refused.status, await codesOf(refused)]).toEqual([416, ['RANGE_INVALID']])
      expect(refused.headers.get('range')).toBe('0-199')
    }
    const next = await patch(start, tail, '200-299')
    expect([next.status, next.headers.get('range')]).toEqual([202, '0-299'])
    expect((await put(start, digestOf(bytes))).status).toBe(201)
    expect(await pulled(other, digestOf(bytes))).toBe(digestOf(bytes))
    expect(await uploads()).toEqual([])
  })

  it('goes on from where a refusal leads', async () => {
    const { start, bytes, other, ...nodes } = await begin()
    await using _ = nodes
    await patch(start, bytes.subarray(0, 200))
    const location = locationOf(await patch(start, bytes.subarray(0, 200)))
    expect((await patch(location, bytes.subarray(200))).status).toBe(202)
    expect((await put(start, digestOf(bytes))).status).toBe(201)
    expect(await pulled(other, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('goes on with ranges when another node had the first chunk', async () => {
    const { start, bytes, elsewhere, other, ...nodes } = await begin()
    await using _ = nodes
    expect((await patch(elsewhere(start), bytes.subarray(0, 100), '0-99')).status).toBe(202)
    expect((await patch(start, bytes.subarray(100, 200), '100-199')).status).toBe(202)
    expect((await put(start, digestOf(bytes), bytes.subarray(200), '200-299')).status).toBe(201)
    expect(await pulled(other, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it('is finished by a node that saw nothing of it', async () => {
    const { start, bytes, elsewhere, other, uploads, ...nodes } = await begin()
    await using _ = nodes
    expect((await patch(start, bytes)).status).toBe(202)
    expect((await put(elsewhere(start), digestOf(bytes))).status).toBe(201)
    expect(await pulled(other, digestOf(bytes))).toBe(digestOf(bytes))
    expect(await uploads()).toEqual([])
  })

  it('loses nothing when the last chunk, sent without its range to another node, is taken for all', async () => {
    const { start, bytes, elsewhere, other, ...nodes } = await begin()
    await using _ = nodes
    await patch(start, bytes.subarray(0, 200))
    const response = await put(elsewhere(start), digestOf(bytes), bytes.subarray(200))
    if (response.status === 416) {
      expect(response.headers.get('range')).toBe('0-199')
      expect((await put(locationOf(response), digestOf(bytes), bytes.subarray(200))).status).toBe(201)
    } else {
      expect(response.status).toBe(201)
    }
    expect(await pulled(other, digestOf(bytes))).toBe(digestOf(bytes))
  })
})

describe('an upload’s state', () => {
  it('is not needed', async () => {
    await using nodes = await twoNodes()
    const bytes = content(300)
    const location = withoutQuery(await startUpload(nodes.one))
    expect((await patch(location, bytes.subarray(0, 200))).status).toBe(202)
    expect((await put(location, digestOf(bytes), bytes.subarray(200))).status).toBe(201)
    expect(await pulled(nodes.one, digestOf(bytes))).toBe(digestOf(bytes))
  })

  it.each(['', 'nonsense', '####', 'A'.repeat(200)])('does no harm when it is "%s"', async state => {
    await using nodes = await twoNodes()
    const bytes = content(300)
    const location = withQuery(withoutQuery(await startUpload(nodes.one)), '_state', state)
    expect((await put(location, digestOf(bytes), bytes)).status).toBe(201)
  })

  it.each(['PATCH', 'PUT'] as const)('of one upload does not make another: %s', async method => {
    await using nodes = await twoNodes()
    const bytes = content(300)
    const started = await startUpload(nodes.one)
    const invented = started.replace(/[0-9a-f-]{36}\?/, '0189cc2f-2f76-7b1e-a3b8-c94ee5f2a001?')
    for (const url of [invented, started.replace('library/hello', 'library/other')]) {
      const response = await send[method](url, bytes)
      expect([response.status, await codesOf(response)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
    }
  })

  it('does not bring a cancelled upload back', async () => {
    await using nodes = await twoNodes()
    const bytes = content(300)
    const start = await startUpload(nodes.one)
    expect((await fetch(start, { method: 'DELETE' })).status).toBe(204)
    for (const [method, url] of [
      ['PATCH', start],
      ['PUT', start],
      ['PATCH', nodes.elsewhere(start)],
    ] as const) {
      const response = await send[method](url, bytes)
      expect([response.status, await codesOf(response)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
    }
    expect(await filesOf(nodes.storage)).toEqual(new Map())
  })

  it('leaves no upload behind when another node, which does not know that it was cancelled, gets the whole blob', async () => {
    await using nodes = await twoNodes()
    const bytes = content(300)
    const start = await startUpload(nodes.one)
    await fetch(start, { method: 'DELETE' })
    await put(nodes.elsewhere(start), digestOf(bytes), bytes)
    await put(nodes.elsewhere(start), digestOf(content()), bytes)
    expect(await nodes.uploads()).toEqual([])
  })

  it('does not publish a wrong digest, and spoils the upload as without it', async () => {
    await using nodes = await twoNodes()
    const start = await startUpload(nodes.one)
    const response = await put(start, digestOf(content()), content(300))
    expect([response.status, await codesOf(response)]).toEqual([400, ['DIGEST_INVALID']])
    expect(await filesOf(nodes.storage)).toEqual(new Map())
  })
})

describe('an upload of bytes that are there already', () => {
  it.each(['sha256', 'sha512'] as const)('leaves nothing behind: %s', async algorithm => {
    await using nodes = await twoNodes()
    const bytes = content(300)
    const digest = digestOf(bytes, algorithm)
    expect((await put(await startUpload(nodes.one), digest, bytes)).status).toBe(201)
    for (const lastNode of [nodes.one, nodes.other]) {
      const location = locationOf(await patch(await startUpload(nodes.one), bytes))
      expect((await put(location.replace(nodes.one.url, lastNode.url), digest)).status).toBe(201)
      expect(await nodes.uploads()).toEqual([])
      expect(await nodes.storage.purgeUploads({ olderThan: new Date(Date.now() + 1000) })).toEqual({ uploads: 0 })
    }
  })
})

describe('an upload that Distribution began', () => {
  const id = '0189cc2f-2f76-7b1e-a3b8-c94ee5f2a002'

  /** A state as Distribution signs it. */
  function distributionState(offset: number): string {
    const json = JSON.stringify({
      Name: 'library/hello',
      UUID: id,
      Offset: offset,
      StartedAt: new Date().toISOString(),
    })
    const mac = createHmac('sha256', 'shared').update(json).digest()
    return Buffer.concat([mac, Buffer.from(json)])
      .toString('base64')
      .replaceAll('+', '-')
      .replaceAll('/', '_')
  }

  it.each([
    ['whole in the PUT, with its state', true, false],
    ['whole in the PUT, without its state', false, false],
    ['with a PATCH, with its state', true, true],
    ['with a PATCH, without its state', false, true],
  ])('is finished %s, and nothing of it is left', async (_, hasState, isPatched) => {
    await using nodes = await twoNodes()
    await nodes.storage.putContent(`${top}/${id}/startedat`, '2026-08-18T11:55:22Z')
    await nodes.storage.putContent(`${top}/${id}/hashstates/sha256/0`, 'sha')
    const url = `${nodes.one.url}/v2/library/hello/blobs/uploads/${id}`
    const start = hasState ? withQuery(url, '_state', distributionState(0)) : url
    const bytes = content(300)
    const location = isPatched ? locationOf(await patch(start, bytes.subarray(0, 100))) : start
    expect((await put(location, digestOf(bytes), isPatched ? bytes.subarray(100) : bytes)).status).toBe(201)
    expect(await pulled(nodes.one, digestOf(bytes))).toBe(digestOf(bytes))
    expect(await nodes.uploads()).toEqual([])
  })
})
