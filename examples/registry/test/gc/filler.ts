import { randomBytes } from 'node:crypto'
import { type Digest, type DigestAlgorithm, digestOf } from '../../src/oci/digest.ts'
import { blobData, layerLink, revisionLink, tagCurrentLink, tagIndexLink } from '../../src/storage/layout.ts'

/** Storage to fill. */
interface Target {
  putContent(path: string, content: Uint8Array | string): Promise<unknown>
}

/** Puts things where a registry does, in Distribution's layout. */
export class Filler {
  readonly storage: Target

  constructor(storage: Target) {
    this.storage = storage
  }

  /** Bytes that no repository has a link to. */
  async data(bytes: Uint8Array = randomBytes(100), algorithm: DigestAlgorithm = 'sha256'): Promise<Digest> {
    const digest = digestOf(bytes, algorithm)
    await this.storage.putContent(blobData(digest), bytes)
    return digest
  }

  async blob(repository: string, bytes?: Uint8Array, algorithm?: DigestAlgorithm): Promise<Digest> {
    const digest = await this.data(bytes, algorithm)
    await this.link(repository, digest)
    return digest
  }

  async link(repository: string, digest: Digest): Promise<void> {
    await this.storage.putContent(layerLink(repository, digest), digest)
  }

  async manifest(repository: string, manifest: object | string, tag?: string): Promise<Digest> {
    const content = typeof manifest === 'string' ? manifest : JSON.stringify({ schemaVersion: 2, ...manifest })
    const digest = await this.data(Buffer.from(content))
    await this.storage.putContent(revisionLink(repository, digest), digest)
    if (tag !== undefined) await this.tag(repository, tag, digest)
    return digest
  }

  async tag(repository: string, tag: string, digest: Digest): Promise<void> {
    await this.storage.putContent(tagIndexLink(repository, tag, digest), digest)
    await this.storage.putContent(tagCurrentLink(repository, tag), digest)
  }

  /** An image of its own config and the given layers, or one of its own. */
  async image(repository: string, tag?: string, layers?: readonly Digest[], subject?: Digest): Promise<Digest> {
    const config = await this.blob(repository)
    const all = layers ?? [await this.blob(repository)]
    const about = subject && { subject: { digest: subject } }
    return this.manifest(
      repository,
      { config: { digest: config }, layers: all.map(digest => ({ digest })), ...about },
      tag,
    )
  }

  async index(repository: string, manifests: readonly Digest[], tag?: string): Promise<Digest> {
    return this.manifest(repository, { manifests: manifests.map(digest => ({ digest })), nonce: randomBytes(8) }, tag)
  }
}
