import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Descriptor, OciLayout } from './oci-layout.ts'

const run = promisify(execFile)

const architectures = ['amd64', 'arm64'] as const

/** An image for two architectures that share a layer, as an OCI image layout in a folder. */
export interface MultiArchImage {
  readonly directory: string
  /** Of the index, under the tag `latest`. */
  readonly digest: string
  /** The file `/architecture` of each image says which one it is. */
  readonly architectures: typeof architectures
}

export async function multiArchImage(directory: string): Promise<MultiArchImage> {
  const layout = await OciLayout.create(join(directory, 'multi-arch'))
  const shared = await layerOf(layout, join(directory, 'shared'), { shared: randomBytes(200_000) })
  const manifests: Descriptor[] = []
  for (const architecture of architectures) {
    const own = await layerOf(layout, join(directory, architecture), { architecture: Buffer.from(architecture) })
    const layers = [shared, own]
    const config = await layout.addJson('application/vnd.oci.image.config.v1+json', {
      architecture,
      os: 'linux',
      config: { Cmd: ['/bin/sh'] },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    })
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = await layout.addJson(mediaType, { schemaVersion: 2, mediaType, config, layers })
    manifests.push({ ...manifest, platform: { architecture, os: 'linux' } })
  }
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const index = await layout.addJson(mediaType, { schemaVersion: 2, mediaType, manifests })
  await layout.tag(index, 'latest')
  return { directory: layout.directory, digest: index.digest, architectures }
}

/** An uncompressed layer, whose digest is that of its content. */
async function layerOf(layout: OciLayout, root: string, files: Record<string, Buffer>): Promise<Descriptor> {
  await mkdir(root)
  for (const [name, content] of Object.entries(files)) await writeFile(join(root, name), content)
  const tar = `${root}.tar`
  await run('tar', ['--create', '--file', tar, '--directory', root, '--numeric-owner', ...Object.keys(files)])
  return layout.addFile('application/vnd.oci.image.layer.v1.tar', tar)
}
