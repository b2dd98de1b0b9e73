import type { Blob } from './blob.ts'

const mediaType = 'application/vnd.oci.image.manifest.v1+json'

/** Pushes a manifest whose configuration is the first blob and whose layers are the others; all are there already. */
export async function pushManifest(
  authority: string,
  repository: string,
  tag: string,
  blobs: readonly Blob[],
): Promise<void> {
  const [config, ...layers] = blobs.map(({ digest, size }, index) => ({
    mediaType: index === 0 ? 'application/vnd.oci.image.config.v1+json' : 'application/vnd.oci.image.layer.v1.tar',
    digest,
    size,
  }))
  const answer = await fetch(`http://${authority}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    body: JSON.stringify({ schemaVersion: 2, mediaType, config, layers }),
    headers: { 'content-type': mediaType },
  })
  if (answer.status !== 201) throw new Error(`PUT of a manifest: ${answer.status} ${await answer.text()}`)
}
