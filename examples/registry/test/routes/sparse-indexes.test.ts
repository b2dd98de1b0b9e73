import { expect, it } from '@jest/globals'
import type { RequiredPlatforms } from '../../src/oci/required-platforms.ts'
import {
  codesOf,
  content,
  descriptor,
  digestOf,
  imageType,
  indexType,
  newManifest,
  putManifest,
} from '../support/client.ts'
import { collect, troubleIn } from '../gc/collect.ts'
import { startRegistry } from '../support/registry.ts'

const amd64 = { architecture: 'amd64', os: 'linux' }
const arm64 = { architecture: 'arm64', os: 'linux' }

/** Pushes an index of which only the image for amd64 is there, and gives the answer. */
async function pushSparse(requiredPlatforms: RequiredPlatforms | undefined, here = amd64): Promise<Response> {
  await using registry = await startRegistry({ requiredPlatforms })
  const image = await newManifest(registry)
  await putManifest(registry, digestOf(image), image)
  const manifests = [
    { ...descriptor(digestOf(image), imageType), platform: here },
    { ...descriptor(digestOf(content()), imageType), platform: here === amd64 ? arm64 : amd64 },
    // As BuildKit's attestations have none.
    ...(requiredPlatforms === undefined ? [] : [descriptor(digestOf(content()), imageType)]),
  ]
  const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests })
  const answer = await putManifest(registry, 'all', index, { type: indexType })
  if (answer.ok) {
    const pulled = await fetch(`${registry.url}/v2/library/hello/manifests/all`)
    expect(await pulled.text()).toBe(index)
    expect(troubleIn((await collect(registry.storage)).events)).toEqual([])
  }
  return answer
}

it('an index has to be complete, unless the configuration says otherwise', async () => {
  for (const required of [undefined, 'all'] as const) {
    const refused = await pushSparse(required)
    expect([refused.status, new Set(await codesOf(refused))]).toEqual([404, new Set(['MANIFEST_BLOB_UNKNOWN'])])
  }
})

it('nothing that it names has to be there where none is required', async () => {
  expect((await pushSparse('none')).status).toBe(201)
})

it('only the listed platforms have to be there', async () => {
  expect((await pushSparse([amd64])).status).toBe(201)
  expect((await pushSparse([amd64], arm64)).status).toBe(404)
  expect((await pushSparse([amd64, arm64])).status).toBe(404)
})

it('an image has to be complete in any case', async () => {
  await using registry = await startRegistry({ requiredPlatforms: 'none' })
  const image = { schemaVersion: 2, mediaType: imageType, config: descriptor(digestOf(content())), layers: [] }
  expect((await putManifest(registry, 'v1', JSON.stringify(image))).status).toBe(404)
})
