import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What an OCI image layout's blob is, as manifests and indexes name it. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  /** Bytes. */
  readonly size: number
  readonly platform?: { readonly architecture: string; readonly os: string }
}

/** An [OCI image layout](https://github.com/opencontainers/image-spec/blob/main/image-layout.md) in a folder. */
export class OciLayout {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  static async create(directory: string): Promise<OciLayout> {
    await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true })
    await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
    return new OciLayout(directory)
  }

  async addBytes(mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    await writeFile(this.path(digest), bytes)
    return { mediaType, digest, size: bytes.length }
  }

  async addFile(mediaType: string, file: string): Promise<Descriptor> {
    return this.addBytes(mediaType, await readFile(file))
  }

  addJson(mediaType: string, content: unknown): Promise<Descriptor> {
    return this.addBytes(mediaType, Buffer.from(JSON.stringify(content)))
  }

  /** Gives the layout its one tagged manifest or index. */
  async tag(descriptor: Descriptor, tag: string): Promise<void> {
    const annotations = { 'org.opencontainers.image.ref.name': tag }
    const index = { schemaVersion: 2, manifests: [{ ...descriptor, annotations }] }
    await writeFile(join(this.directory, 'index.json'), JSON.stringify(index))
  }

  /** Where a blob is. */
  path(digest: string): string {
    return join(this.directory, 'blobs', ...digest.split(':'))
  }
}
