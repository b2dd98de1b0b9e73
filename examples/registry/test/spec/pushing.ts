import type { Digest, DigestAlgorithm } from '../../src/oci/digest.ts'
import { digestOf, imageType, indexType, locationOf, patch, put, startUpload } from '../support/client.ts'

/** A registry, and which of its repositories is pushed to. */
export interface Target {
  readonly url: string
  readonly name: string
}

type Bytes = Buffer<ArrayBuffer>

/**
 * The ways of the specification to push a blob. Each gives the last answer. A registry may take a POST with a digest for the
 * beginning of an upload, as this one does when it has no body.
 */
export const waysToPush = {
  'in a single POST': async ({ url, name }: Target, digest: Digest, bytes: Bytes) => {
    const posted = await fetch(`${url}/v2/${name}/blobs/uploads/?digest=${digest}`, { method: 'POST', body: bytes })
    return posted.status === 202 ? put(locationOf(posted), digest, bytes) : posted
  },
  'by POST and PUT': async (target: Target, digest: Digest, bytes: Bytes) =>
    put(await startUpload(target, target.name), digest, bytes),
  'as a stream': async (target: Target, digest: Digest, bytes: Bytes) =>
    put(locationOf(await patch(await startUpload(target, target.name), bytes)), digest),
  'in one chunk': (target: Target, digest: Digest, bytes: Bytes) => pushChunks(target, digest, bytes, 1),
  'in chunks': (target: Target, digest: Digest, bytes: Bytes) => pushChunks(target, digest, bytes, 3),
  'in chunks, the last by PUT': async (target: Target, digest: Digest, bytes: Bytes) => {
    const middle = Math.ceil(bytes.length / 2)
    const first = await patch(await startUpload(target, target.name), bytes.subarray(0, middle), `0-${middle - 1}`)
    return put(locationOf(first), digest, bytes.subarray(middle), `${middle}-${bytes.length - 1}`)
  },
} satisfies Record<string, (target: Target, digest: Digest, bytes: Bytes) => Promise<Response>>

async function pushChunks(target: Target, digest: Digest, bytes: Bytes, chunks: number): Promise<Response> {
  const size = Math.ceil(bytes.length / chunks)
  let location = await startUpload(target, target.name)
  for (let start = 0; start < bytes.length; start += size) {
    const chunk = bytes.subarray(start, start + size)
    location = locationOf(await patch(location, chunk, `${start}-${start + chunk.length - 1}`))
  }
  return put(location, digest)
}

/** Pushes blobs, manifests and indexes of one digest algorithm, and remembers them with what they are. */
export class Pusher {
  readonly blobs = new Map<Digest, Bytes>()
  readonly manifests = new Map<Digest, string>()
  readonly #target: Target
  readonly #algorithm: DigestAlgorithm

  constructor(target: Target, algorithm: DigestAlgorithm = 'sha256') {
    this.#target = target
    this.#algorithm = algorithm
  }

  async blob(bytes: Bytes, mediaType = 'application/octet-stream') {
    const digest = digestOf(bytes, this.#algorithm)
    const response = await waysToPush['in a single POST'](this.#target, digest, bytes)
    if (response.status !== 201) throw new Error(`no blob: ${response.status} ${await response.text()}`)
    this.blobs.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }

  image(fields: object, query = '') {
    return this.#manifest({ schemaVersion: 2, mediaType: imageType, ...fields }, query)
  }

  index(fields: object, query = '') {
    return this.#manifest({ schemaVersion: 2, mediaType: indexType, ...fields }, query)
  }

  async #manifest(fields: { schemaVersion: number; mediaType: string }, query: string) {
    const body = JSON.stringify(fields)
    const { mediaType } = fields
    const digest = digestOf(body, this.#algorithm)
    const { url, name } = this.#target
    const init = { method: 'PUT', headers: { 'content-type': mediaType }, body }
    const response = await fetch(`${url}/v2/${name}/manifests/${digest}${query}`, init)
    if (response.status !== 201) throw new Error(`no manifest: ${response.status} ${await response.text()}`)
    this.manifests.set(digest, body)
    return { mediaType, digest, size: Buffer.byteLength(body), answer: response.headers }
  }
}
