import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGzip } from 'node:zlib'
import { type Descriptor, OciLayout } from './oci-layout.ts'

const run = promisify(execFile)

interface Layer extends Descriptor {
  /** The digest of the layer before compression. */
  readonly diffId: string
}

/** An image as an OCI image layout in a folder, under the tag `latest`. */
export interface Image {
  readonly directory: string
  readonly manifestDigest: string
  /** The configuration and the layers. */
  readonly blobs: readonly Descriptor[]
}

/**
 * Makes a real image: Debian's minimal root file system in three layers. The first, `/usr`, stays uncompressed and has well
 * over 100 MB; the others are gzipped, as most images' layers are. Needs root, because debootstrap does.
 */
export async function debianImage(directory: string): Promise<Image> {
  const root = join(directory, 'root')
  await run('debootstrap', ['--variant=minbase', 'stable', root], { maxBuffer: 1 << 26 })
  const layout = await OciLayout.create(join(directory, 'image'))
  const layers = [
    await addLayer(layout, root, ['usr'], 'tar'),
    await addLayer(layout, root, ['etc', 'bin', 'sbin', 'lib'], 'tar+gzip'),
    await addLayer(layout, root, ['var'], 'tar+gzip'),
  ]
  const config = await layout.addJson('application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const blobs = [config, ...layers.map(({ diffId: _, ...descriptor }) => descriptor)]
  const manifest = await layout.addJson(mediaType, { schemaVersion: 2, mediaType, config, layers: blobs.slice(1) })
  await layout.tag(manifest, 'latest')
  return { directory: layout.directory, manifestDigest: manifest.digest, blobs }
}

async function addLayer(
  layout: OciLayout,
  root: string,
  folders: string[],
  format: 'tar' | 'tar+gzip',
): Promise<Layer> {
  const tar = join(layout.directory, 'layer.tar')
  await run('tar', ['--create', '--file', tar, '--directory', root, '--numeric-owner', '--sort=name', ...folders])
  const packed = join(layout.directory, 'layer')
  const plain = hashing()
  const stored = hashing()
  const stages = format === 'tar' ? [plain, stored] : [plain, createGzip({ level: 1 }), stored]
  await pipeline([createReadStream(tar), ...stages, createWriteStream(packed)])
  await rm(tar)
  const { size } = await stat(packed)
  const digest = `sha256:${stored.hash.digest('hex')}`
  await rename(packed, layout.path(digest))
  const mediaType = `application/vnd.oci.image.layer.v1.${format}`
  return { mediaType, digest, size, diffId: `sha256:${plain.hash.digest('hex')}` }
}

function hashing(): Transform & { hash: ReturnType<typeof createHash> } {
  const hash = createHash('sha256')
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      hash.update(chunk)
      callback(null, chunk)
    },
  })
  return Object.assign(stream, { hash })
}
