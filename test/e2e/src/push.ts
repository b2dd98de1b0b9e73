import { createHash, randomBytes } from 'node:crypto'

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Pushes a blob as skopeo and docker do: POST, PATCH, PUT. Returns its digest. */
export async function pushBlob(authority: string, name: string, bytes: Uint8Array): Promise<string> {
  const digest = sha256(bytes)
  const begun = await send(`http://${authority}/v2/${name}/blobs/uploads/`, { method: 'POST' }, 202)
  const type = { 'content-type': 'application/octet-stream' }
  const patched = await send(locationOf(begun, authority), { method: 'PATCH', body: bytes, headers: type }, 202)
  const commit = new URL(locationOf(patched, authority))
  commit.searchParams.set('digest', digest)
  await send(commit.href, { method: 'PUT' }, 201)
  return digest
}

/** Pushes an image of a configuration and two random layers. */
export async function pushImage(
  authority: string,
  name: string,
  tag: string,
): Promise<{ manifestDigest: string; blobs: { digest: string; bytes: Buffer }[] }> {
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

function locationOf(answer: Response, authority: string): string {
  return new URL(answer.headers.get('location') ?? '', `http://${authority}`).href
}

async function send(url: string, init: RequestInit, expected: number): Promise<Response> {
  const answer = await fetch(url, init)
  if (answer.status !== expected) throw new Error(`${init.method} ${url}: ${answer.status} ${await answer.text()}`)
  return answer
}
