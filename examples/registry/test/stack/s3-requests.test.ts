import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { Digest } from '../../src/oci/digest.ts'
import {
  content,
  descriptor,
  digestOf,
  imageType,
  indexType,
  locationOf,
  newManifest,
  patch,
  pushBlob,
  put,
  putManifest,
  startUpload,
} from '../support/client.ts'
import { bucketOf } from '../support/cloud.ts'
import { startRegistry, type TestRegistry } from '../support/registry.ts'

let cloud: LocalCloud
/** The node that is asked, and one that has done and seen nothing before. */
let node: TestRegistry
let other: TestRegistry

beforeAll(async () => {
  cloud = await startLocalCloud()
})
beforeEach(async () => {
  const options = { chunkSize: 5 << 20 }
  node = await startRegistry({ storage: bucketOf(cloud, options), secret: 'shared', deletes: true })
  other = await startRegistry({ storage: bucketOf(cloud, options), secret: 'shared' })
  // What a driver finds out about a server once is not part of what a push costs.
  for (const registry of [node, other]) {
    const location = await patched(await startUpload(registry), content(1))
    await put(location, digestOf(content(1)))
  }
})
afterEach(async () => {
  for (const { storage, ...registry } of [node, other]) {
    await registry[Symbol.asyncDispose]()
    await storage[Symbol.asyncDispose]()
  }
})
afterAll(() => cloud.close())

/** How many requests of which operation come to S3 while a client does something. */
async function costOf(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  cloud.s3.requests.reset()
  await work()
  return Object.fromEntries(Object.entries(cloud.s3.requests.counts()).filter(([, count]) => count > 0))
}

async function statusOf(response: Promise<Response>): Promise<number> {
  return (await response).status
}

function get(path: string, method = 'GET', registry = node): Promise<Response> {
  return fetch(`${registry.url}/v2/library/hello/${path}`, { method, redirect: 'manual' })
}

async function patched(location: string, bytes: Buffer<ArrayBuffer>): Promise<string> {
  const response = await patch(location, bytes)
  expect(response.status).toBe(202)
  return locationOf(response)
}

describe('pushing a blob of 3 kB', () => {
  it('costs 4 requests with POST and PUT', async () => {
    const bytes = content(3000)
    const cost = await costOf(async () => {
      expect(await statusOf(put(await startUpload(node), digestOf(bytes), bytes))).toBe(201)
    })
    expect(cost).toEqual({ PutObject: 3, DeleteObject: 1 })
  })

  it('costs 7 requests with POST, PATCH and PUT', async () => {
    const bytes = content(3000)
    const cost = await costOf(async () => {
      const location = await patched(await startUpload(node), bytes)
      expect(await statusOf(put(location, digestOf(bytes)))).toBe(201)
    })
    expect(cost).toEqual({ PutObject: 4, GetObject: 1, DeleteObject: 2 })
  })

  it('reads what was PATCHed only where more comes with the PUT, or another node PATCHed it', async () => {
    const bytes = content(3000)
    const inTwo = await patched(await startUpload(node), bytes.subarray(0, 1000))
    const late = await costOf(async () => {
      expect(await statusOf(put(inTwo, digestOf(bytes), bytes.subarray(1000)))).toBe(201)
    })
    expect(late).toEqual({ GetObject: 1, PutObject: 2, DeleteObject: 2 })
    const location = await patched(await startUpload(node), bytes)
    const elsewhere = await costOf(async () => {
      expect(await statusOf(put(location.replace(node.url, other.url), digestOf(bytes)))).toBe(201)
    })
    expect(elsewhere['GetObject']).toBeGreaterThan(1)
  })

  it('costs 2 requests with a POST alone', async () => {
    const bytes = content(3000)
    const target = `${node.url}/v2/library/hello/blobs/uploads/?digest=${digestOf(bytes)}`
    const cost = await costOf(async () => {
      expect(await statusOf(fetch(target, { method: 'POST', body: bytes }))).toBe(201)
    })
    expect(cost).toEqual({ PutObject: 2 })
  })

  it('costs the same when the PUT comes to another node with the same secret', async () => {
    const bytes = content(3000)
    const cost = await costOf(async () => {
      const location = (await startUpload(node)).replace(node.url, other.url)
      expect(await statusOf(put(location, digestOf(bytes), bytes))).toBe(201)
    })
    expect(cost).toEqual({ PutObject: 3, DeleteObject: 1 })
  })

  it('costs 2 requests more for each further PATCH', async () => {
    const bytes = content(3000)
    const cost = await costOf(async () => {
      const first = await patched(await startUpload(node), bytes.subarray(0, 1000))
      const second = await patched(first, bytes.subarray(1000, 2000))
      expect(await statusOf(put(second, digestOf(bytes), bytes.subarray(2000)))).toBe(201)
    })
    expect(cost).toEqual({ PutObject: 5, GetObject: 2, DeleteObject: 2 })
  })

  it('stores them again rather than ask whether they are there', async () => {
    const bytes = content(3000)
    await pushBlob(node, bytes)
    const location = await patched(await startUpload(node, 'library/other'), bytes)
    const cost = await costOf(async () => {
      expect(await statusOf(put(location, digestOf(bytes)))).toBe(201)
    })
    expect(cost).toEqual({ PutObject: 2, GetObject: 1, DeleteObject: 2 })
  })

  it('publishes nothing but a link when more of them are there already than are stored again unasked', async () => {
    const bytes = content(100_000)
    await pushBlob(node, bytes)
    const location = await patched(await startUpload(node, 'library/other'), bytes)
    const cost = await costOf(async () => {
      expect(await statusOf(put(location, digestOf(bytes)))).toBe(201)
    })
    expect(cost).toEqual({ PutObject: 1, GetObject: 1, HeadObject: 1, DeleteObject: 2 })
  })
})

describe('pushing a large blob in parts', () => {
  it('reads of its bytes only those that did not fill a part', async () => {
    const bytes = content(12_000_000)
    const cost = await costOf(async () => {
      const first = await patched(await startUpload(node), bytes.subarray(0, 6_000_000))
      const second = await patched(first, bytes.subarray(6_000_000))
      expect(await statusOf(put(second, digestOf(bytes)))).toBe(201)
    })
    expect(cost['GetObject']).toBe(2)
    const read = cloud.s3.requests.records.filter(({ operation }) => operation === 'GetObject')
    for (const { bytesOut } of read) expect(bytesOut).toBeLessThan(5 << 20)
    expect(digestOf((await cloud.s3.bucket(cloud.bucket).read(keyOf(digestOf(bytes)))) ?? '')).toBe(digestOf(bytes))
  })
})

describe('pushing a manifest of a config and two layers', () => {
  it.each([
    ['its digest', 8],
    ['a tag', 10],
  ])('by %s costs %s requests', async how => {
    const [config, ...layers] = [await pushBlob(node), await pushBlob(node), await pushBlob(node)].map(digest =>
      descriptor(digest),
    )
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers })
    const reference = how === 'a tag' ? 'v1' : digestOf(manifest)
    const push = async (): Promise<void> => expect(await statusOf(putManifest(node, reference, manifest))).toBe(201)
    const expected = { HeadObject: 3, GetObject: 3, PutObject: how === 'a tag' ? 4 : 2 }
    expect(await costOf(push)).toEqual(expected)
    // However often.
    expect(await costOf(push)).toEqual(expected)
  })
})

describe('pulling a blob', () => {
  it.each(['GET', 'HEAD'])('costs 2 requests at first and none after that: %s', async method => {
    const digest = await pushBlob(other, content(3000))
    const expected = method === 'GET' ? 307 : 200
    const pull = async (): Promise<void> => expect(await statusOf(get(`blobs/${digest}`, method))).toBe(expected)
    expect(await costOf(pull)).toEqual({ GetObject: 1, HeadObject: 1 })
    expect(await costOf(pull)).toEqual({})
  })

  it('costs 2 requests however many ask at once', async () => {
    const digest = await pushBlob(other, content(3000))
    const cost = await costOf(async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => get(`blobs/${digest}`)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([307]))
    })
    expect(cost).toEqual({ GetObject: 1, HeadObject: 1 })
  })

  it('costs nothing where it was pushed', async () => {
    const whole = await pushBlob(node, content(3000))
    const bytes = content(3000)
    await put(await patched(await startUpload(node), bytes), digestOf(bytes))
    const cost = await costOf(async () => {
      for (const digest of [whole, digestOf(bytes)]) expect(await statusOf(get(`blobs/${digest}`))).toBe(307)
    })
    expect(cost).toEqual({})
  })

  it('costs at most 2 requests when the repository does not have it', async () => {
    const { GetObject, ...others } = await costOf(async () => {
      expect(await statusOf(get(`blobs/${digestOf(content())}`))).toBe(404)
    })
    expect(GetObject).toBe(1)
    // It may be called off before it is on its way.
    expect([{}, { HeadObject: 1 }]).toContainEqual(others)
  })
})

it('a client that asks before a push whether a blob is there costs 1 request when it is not', async () => {
  const cost = await costOf(async () => {
    expect(await statusOf(get(`blobs/${digestOf(content())}`, 'HEAD'))).toBe(404)
  })
  expect(cost).toEqual({ GetObject: 1 })
})

describe('pulling a manifest', () => {
  async function pushed(): Promise<Digest> {
    const manifest = await newManifest(other)
    expect(await statusOf(putManifest(other, 'v1', manifest))).toBe(201)
    return digestOf(manifest)
  }

  it.each(['GET', 'HEAD'])('by its tag costs 3 requests at first and 1 after that: %s', async method => {
    await pushed()
    const pull = async (): Promise<void> => expect(await statusOf(get('manifests/v1', method))).toBe(200)
    expect(await costOf(pull)).toEqual({ GetObject: 3 })
    expect(await costOf(pull)).toEqual({ GetObject: 1 })
  })

  it.each(['GET', 'HEAD'])('by its digest costs 2 requests at first and none after that: %s', async method => {
    const digest = await pushed()
    const pull = async (): Promise<void> => expect(await statusOf(get(`manifests/${digest}`, method))).toBe(200)
    expect(await costOf(pull)).toEqual({ GetObject: 2 })
    expect(await costOf(pull)).toEqual({})
  })

  it('by its digest costs nothing where it was pushed', async () => {
    const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [] })
    await putManifest(node, 'v1', index, { type: indexType })
    const cost = await costOf(async () => expect(await statusOf(get(`manifests/${digestOf(index)}`))).toBe(200))
    expect(cost).toEqual({})
  })
})

describe('a range of a blob that the registry sends itself', () => {
  it('is one request for just those bytes', async () => {
    await using inline = await startRegistry({ storage: node.storage, redirects: false })
    const bytes = content(3_000_000)
    const digest = await pushBlob(inline, bytes)
    cloud.s3.requests.reset()
    const url = `${inline.url}/v2/library/hello/blobs/${digest}`
    const response = await fetch(url, { headers: { range: 'bytes=1000-500999' } })
    expect([response.status, response.headers.get('content-range')]).toEqual([206, 'bytes 1000-500999/3000000'])
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(1000, 501_000))).toBe(true)
    const asked = cloud.s3.requests.records.map(({ operation, headers }) => `${operation} ${headers.range}`)
    expect(asked).toEqual(['GetObject bytes=1000-500999'])
  })
})

function keyOf(digest: Digest): string {
  return `docker/registry/v2/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}/data`
}
