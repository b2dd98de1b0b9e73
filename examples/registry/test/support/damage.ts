import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { parsePath } from '../../src/storage/parse-path.ts'
import { content, descriptor, digestOf, imageType, indexType, locationOf, patch, put } from './client.ts'
import { filesOf, startRegistry, type TestRegistry } from './registry.ts'
import { collect, troubleIn } from '../gc/collect.ts'
import { storages, type TestStorage } from '../gc/storages.ts'

const base = '/v2/library/hello'
const referrersTag = (digest: string): string => digest.replace(':', '-')

/** Blobs and manifests as a client has them, the manifests in the order in which it pushes them. */
interface Image {
  readonly blobs: ReadonlyMap<string, Buffer<ArrayBuffer>>
  readonly manifests: readonly { readonly reference: string; readonly type: string; readonly body: string }[]
}

function newImage(): Image {
  const blobs = [content(200), content(100_000)].map(bytes => [digestOf(bytes), bytes] as const)
  const long = content(300)
  const [config, layer, other] = [...blobs, [digestOf(long, 'sha512'), long] as const].map(([digest, { length }]) => ({
    ...descriptor(digest),
    size: length,
  }))
  const manifest = (type: string, fields: object): string =>
    JSON.stringify({ schemaVersion: 2, mediaType: type, ...fields })
  const image = manifest(imageType, { config, layers: [layer, other] })
  const entry = { ...descriptor(digestOf(image), imageType), size: image.length }
  const index = manifest(indexType, { manifests: [entry] })
  const signature = manifest(imageType, { config, layers: [], subject: entry })
  const referrers = manifest(indexType, {
    manifests: [{ ...descriptor(digestOf(signature), imageType), size: signature.length }],
  })
  return {
    blobs: new Map([...blobs, [digestOf(long, 'sha512'), long]]),
    manifests: [
      { reference: 'v1', type: imageType, body: image },
      { reference: 'all', type: indexType, body: index },
      { reference: digestOf(signature), type: imageType, body: signature },
      { reference: referrersTag(digestOf(image)), type: indexType, body: referrers },
    ],
  }
}

/** Pushes as clients do: only what is not there, and once more after a refusal for want of it. */
async function push({ url }: TestRegistry, { blobs, manifests }: Image): Promise<void> {
  let missing = true
  for (let attempt = 0; missing && attempt < 3; attempt += 1) {
    missing = false
    for (const [digest, bytes] of blobs) {
      const { status } = await fetch(`${url}${base}/blobs/${digest}`, { method: 'HEAD' })
      expect([200, 404]).toContain(status)
      if (status === 404) expect(await pushBlob(url, digest, bytes)).toBe(201)
    }
    for (const { reference, type, body } of manifests) {
      const headers = { 'content-type': type }
      const { status } = await fetch(`${url}${base}/manifests/${reference}`, { method: 'PUT', headers, body })
      expect([201, 404]).toContain(status)
      missing ||= status === 404
    }
  }
  expect(missing).toBe(false)
}

/** Pushes a blob by a PATCH and a PUT. Gives the status of the latter. */
export async function pushBlob(url: string, digest: string, bytes: Buffer<ArrayBuffer>): Promise<number> {
  const started = locationOf(await fetch(`${url}${base}/blobs/uploads/`, { method: 'POST' }))
  const sent = await patch(started, bytes)
  expect(sent.status).toBe(202)
  return (await put(locationOf(sent), digest)).status
}

/** Asks for all that can be read. The answer to each, `status` and digest of the body, by its method and path. */
async function readAll(
  { url }: TestRegistry,
  { blobs, manifests }: Image,
  upload: string,
): Promise<Map<string, string>> {
  const digests = manifests.map(({ body }) => digestOf(body))
  const paths = [
    ...[...blobs.keys()].map(digest => `blobs/${digest}`),
    ...manifests.map(({ reference }) => `manifests/${reference}`),
    ...digests.flatMap(digest => [`manifests/${digest}`, `referrers/${digest}`]),
    'tags/list',
    upload,
  ]
  const answers = new Map<string, string>()
  const requests = paths.flatMap(path => [`GET ${path}`, `HEAD ${path}`])
  await Promise.all(
    requests.map(async request => {
      const [method = '', path] = request.split(' ')
      const response = await fetch(path === upload ? url + path : `${url}${base}/${path}`, { method })
      const bytes = new Uint8Array(await response.arrayBuffer())
      answers.set(request, `${response.status} ${response.ok ? digestOf(bytes) : ''}`)
    }),
  )
  const catalog = await fetch(`${url}/v2/_catalog`)
  answers.set('GET _catalog', `${catalog.status}`)
  return answers
}

/** Files of the layout, one of each kind: manifests' bytes are another kind than blobs', and `startedat` than `data`. */
function firstOfEachKind(files: ReadonlyMap<string, string>, { blobs }: Image): ReadonlyMap<string, string> {
  const first = new Map<string, [string, string]>()
  for (const [path, content] of files) {
    const parsed = parsePath(path)
    const isManifest = parsed?.kind === 'blob' && !blobs.has(parsed.digest)
    const kind = isManifest ? 'manifest' : parsed?.kind === 'upload' ? parsed.file : parsed?.kind
    if (kind !== undefined && !first.has(kind)) first.set(kind, [path, content])
  }
  return new Map(first.values())
}

const damages: Readonly<Record<string, (bytes: Buffer) => Uint8Array>> = {
  emptied: () => new Uint8Array(),
  'cut off': bytes => bytes.subarray(0, Math.floor(bytes.length / 2)),
  'replaced by a page of HTML': () => Buffer.from('<html><body>Sign in to the hotel’s network</body></html>'),
  'replaced by as many other bytes': bytes => randomBytes(bytes.length),
}

/**
 * Damages the objects of a registry in turn, on one kind of storage, and expects that nothing worse than 404 comes of it.
 *
 * @param objects all, or the first of each kind
 */
export function describeDamage(kind: string, objects: 'all' | 'first'): void {
  describe(`an object that was damaged on ${kind}`, () => {
    let test: TestStorage
    let registry: TestRegistry

    beforeEach(async () => {
      test = await storages[kind]!()
      registry = await startRegistry({
        storage: test.storage,
        maxCached: 0,
        immutableTags: ['all'],
        onDamage: () => {},
      })
    })

    afterEach(async () => {
      await registry[Symbol.asyncDispose]()
      await test[Symbol.asyncDispose]()
    })

    it.each(Object.keys(damages))(
      'is never more than missing, is told of, and comes back with the next push: %s',
      async how => {
        const { storage } = test
        const image = newImage()
        await push(registry, image)
        const started = await fetch(`${registry.url}${base}/blobs/uploads/`, { method: 'POST' })
        const upload = new URL(locationOf(await patch(locationOf(started), content(1000)))).pathname
        const intact = await readAll(registry, image, upload)
        expect([...intact.values()].filter(answer => !answer.startsWith('20'))).toEqual([])
        const files = await filesOf(storage)
        expect(files.size).toBeGreaterThan(20)
        for (const [path, before] of objects === 'all' ? files : firstOfEachKind(files, image)) {
          const damaged = damages[how]!(Buffer.from(before, 'latin1'))
          await storage.putContent(path, damaged)
          const answers = await readAll(registry, image, upload)
          const bad = [...answers].filter(([, answer]) => !/^(?:20|404)/.test(answer))
          expect({ path, bad }).toEqual({ path, bad: [] })

          const { events } = await collect(storage, { dryRun: true, deleteUntagged: true, verify: true })
          const parsed = parsePath(path)
          if (parsed?.kind !== 'upload') {
            const told = troubleIn(events).filter(
              text => text.includes(path) || ('digest' in parsed! && text.includes(parsed.digest)),
            )
            expect({ path, told: told.length > 0 }).toEqual({ path, told: true })
          }

          const isUnseen = parsed?.kind === 'blob' && image.blobs.has(parsed.digest) && damaged.length === before.length
          // Only a collection of garbage reads all bytes, to see what its size does not show.
          if (isUnseen) await collect(storage, { verify: true })
          await push(registry, image)
          expect({ path, answers: await readAll(registry, image, upload) }).toEqual({
            path,
            answers: intact,
          })
        }
      },
    )
  })
}
