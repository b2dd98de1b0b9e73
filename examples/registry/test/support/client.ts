import { createHash, randomBytes } from 'node:crypto'
import { type Digest, type DigestAlgorithm, digestParts } from '../../src/oci/digest.ts'

// What clients of a registry do, and what they find.

export function digestOf(content: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`
}

/** Bytes that no other test has. */
export function content(size = 1000): Buffer<ArrayBuffer> {
  return Buffer.from(randomBytes(size))
}

/** The `Location` of an answer, absolute. */
export function locationOf(response: Response): string {
  return new URL(response.headers.get('location') ?? '', response.url).href
}

/** A URL without its query: of an upload, what a client has that does not send back what it was told. */
export function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/** The same URL with one more query parameter. */
export function withQuery(url: string, name: string, value: string): string {
  const extended = new URL(url)
  extended.searchParams.set(name, value)
  return extended.href
}

export async function startUpload({ url }: { url: string }, name = 'library/hello'): Promise<string> {
  const response = await fetch(`${url}/v2/${name}/blobs/uploads/`, { method: 'POST' })
  if (response.status !== 202) throw new Error(`no upload: ${response.status} ${await response.text()}`)
  return locationOf(response)
}

/** Sends a chunk to an upload. */
export function patch(location: string, body: Uint8Array<ArrayBuffer>, range?: string): Promise<Response> {
  return fetch(location, { method: 'PATCH', body, headers: range === undefined ? {} : { 'content-range': range } })
}

/** Sends the last chunk, if any, and has the upload published. */
export function put(
  location: string,
  digest: string,
  body?: Uint8Array<ArrayBuffer>,
  range?: string,
): Promise<Response> {
  const headers: Record<string, string> = range === undefined ? {} : { 'content-range': range }
  return fetch(withQuery(location, 'digest', digest), { method: 'PUT', headers, ...(body && { body }) })
}

/** The digest of what a blob's URL really gives, or the status of the refusal. */
export async function pulled({ url }: { url: string }, digest: Digest): Promise<Digest | number> {
  const response = await fetch(`${url}/v2/library/hello/blobs/${digest}`)
  if (!response.ok) return response.status
  const { algorithm } = digestParts(digest)
  return digestOf(new Uint8Array(await response.arrayBuffer()), algorithm)
}

/** Pushes a blob whole, as containerd does. */
export async function pushBlob(
  registry: { url: string },
  bytes: Uint8Array<ArrayBuffer> = content(),
  name = 'library/hello',
): Promise<Digest> {
  const digest = digestOf(bytes)
  const location = await startUpload(registry, name)
  const response = await fetch(withQuery(location, 'digest', digest), { method: 'PUT', body: bytes })
  if (response.status !== 201) throw new Error(`no blob: ${response.status} ${await response.text()}`)
  return digest
}

export const imageType = 'application/vnd.oci.image.manifest.v1+json'
export const indexType = 'application/vnd.oci.image.index.v1+json'

export function descriptor(digest: string, mediaType = 'application/octet-stream') {
  return { mediaType, digest, size: 1000 }
}

/** An image's manifest over blobs that are pushed on the way. */
export async function newManifest(registry: { url: string }, name = 'library/hello'): Promise<string> {
  const [config, layer] = await Promise.all([pushBlob(registry, content(), name), pushBlob(registry, content(), name)])
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: imageType,
    config: descriptor(config),
    layers: [descriptor(layer)],
  })
}

export function putManifest(
  { url }: { url: string },
  reference: string,
  body: string,
  { name = 'library/hello', type = imageType } = {},
): Promise<Response> {
  return fetch(`${url}/v2/${name}/manifests/${reference}`, { method: 'PUT', headers: { 'content-type': type }, body })
}

/** The codes in an error's body. */
export async function codesOf(response: Response): Promise<string[]> {
  const { errors } = (await response.json()) as { errors: { code: string }[] }
  return errors.map(({ code }) => code)
}

/** RFC 7617. */
export function basic(user: string, password: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}
