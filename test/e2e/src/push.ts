import { createHash, randomBytes } from 'node:crypto'

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** How a blob is pushed. */
interface PushOptions {
  /** The node that everything but the POST and the first PATCH goes to. Default: the same. */
  readonly other?: string
  /** Told where the upload goes on after each answer. */
  readonly onProgress?: (location: string) => void
}

/**
 * Pushes a blob as skopeo and docker do: POST, PATCH, PUT. With `cuts` it goes in several PATCHes, cut at these offsets.
 * Returns its digest.
 */
export async function pushBlob(
  authority: string,
  name: string,
  bytes: Uint8Array,
  cuts: readonly number[] = [],
  { other = authority, onProgress = () => {} }: PushOptions = {},
): Promise<string> {
  const begun = await send(`http://${authority}/v2/${name}/blobs/uploads/`, { method: 'POST' }, 202)
  let location = locationOf(begun, authority)
  for (const [index, start] of [0, ...cuts].entries()) {
    onProgress(location)
    location = locationOf(await patch(location, bytes.subarray(start, cuts[index])), other)
  }
  return commit(location, bytes)
}

/**
 * Goes on, on the node at `authority`, with a push that was cut off: from the offset that this node says. False when the
 * upload is gone: it was published, and what was cut off was the answer that says so.
 */
export async function continueBlob(authority: string, location: string, bytes: Uint8Array): Promise<boolean> {
  const status = await fetch(onNode(location, authority))
  if (status.status === 404) return false
  const stored = Number(/^0-(\d+)$/.exec(status.headers.get('range') ?? '')?.[1])
  // Of nothing and of one byte the range is the same, so one byte is sent again only when the registry says so.
  const next = locationOf(status, authority)
  const rest = bytes.subarray(stored === 0 ? 0 : stored + 1)
  const patched = rest.length > 0 ? await fetch(next, patching(rest)) : status
  const answer = patched.ok
    ? await fetch(withDigest(locationOf(patched, authority), bytes), { method: 'PUT' })
    : patched
  // What the first node was writing when it was cut off came after the question.
  if (answer.status === 416) return continueBlob(authority, location, bytes)
  if (answer.status !== 201) throw await refusal(`continuing ${next}`, answer)
  return true
}

/** Pulls a blob and returns the digest of what comes. */
export async function pullBlob(authority: string, name: string, digest: string): Promise<string> {
  const answer = await send(`http://${authority}/v2/${name}/blobs/${digest}`, { method: 'GET' }, 200)
  return sha256(Buffer.from(await answer.arrayBuffer()))
}

function patch(location: string, body: Uint8Array): Promise<Response> {
  return send(location, patching(body), 202)
}

function patching(body: Uint8Array): RequestInit {
  return { method: 'PATCH', body, headers: { 'content-type': 'application/octet-stream' } }
}

async function commit(location: string, bytes: Uint8Array): Promise<string> {
  await send(withDigest(location, bytes), { method: 'PUT' }, 201)
  return sha256(bytes)
}

function withDigest(location: string, bytes: Uint8Array): string {
  const url = new URL(location)
  url.searchParams.set('digest', sha256(bytes))
  return url.href
}

export interface PushedImage {
  readonly manifestDigest: string
  /** The configuration and the layers. */
  readonly blobs: readonly { readonly digest: string; readonly bytes: Buffer }[]
}

/** Pushes an image of a configuration and two random layers. */
export async function pushImage(authority: string, name: string, tag: string): Promise<PushedImage> {
  const layers = [randomBytes(3000), randomBytes(200_000)]
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: layers.map(sha256) } }),
  )
  const blobs = []
  for (const bytes of [config, ...layers]) blobs.push({ digest: await pushBlob(authority, name, bytes), bytes })
  const [first, ...rest] = blobs.map(({ digest, bytes }) => ({ digest, size: bytes.length }))
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...first },
    layers: rest.map(layer => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer })),
  })
  const url = `http://${authority}/v2/${name}/manifests/${tag}`
  await send(url, { method: 'PUT', body: manifest, headers: { 'content-type': mediaType } }, 201)
  return { manifestDigest: sha256(Buffer.from(manifest)), blobs }
}

/** Where to go on, on the node that is asked next. */
function locationOf(answer: Response, authority: string): string {
  return onNode(new URL(answer.headers.get('location') ?? '', `http://${authority}`).href, authority)
}

function onNode(location: string, authority: string): string {
  const { pathname, search } = new URL(location)
  return `http://${authority}${pathname}${search}`
}

async function send(url: string, init: RequestInit, expected: number): Promise<Response> {
  const answer = await fetch(url, init)
  if (answer.status !== expected) throw await refusal(`${init.method} ${url}`, answer)
  return answer
}

async function refusal(request: string, answer: Response): Promise<Error> {
  return new Error(`${request}: ${answer.status} ${await answer.text()}`)
}
