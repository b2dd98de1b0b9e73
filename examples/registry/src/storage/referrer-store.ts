import type { StorageDriver } from '@longshore/middleware-core'
import { type Digest, asDigest, digestParts } from '../oci/digest.ts'
import { MAX_MANIFEST_BYTES, readManifest } from '../oci/manifest.ts'
import { streamConcurrent, settleAll } from './concurrency.ts'
import { referrerLink, referrers } from './layout.ts'
import type { ManifestStore } from './manifest-store.ts'
import type { TagStore } from './tag-store.ts'

/** Entry of a list of referrers. */
interface Referrer {
  readonly mediaType: string
  /** Bytes. */
  readonly size: number
  readonly digest: Digest
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** Options of a list of referrers. */
export interface ReferrerQuery {
  /** Type of the referrers. Default: all. */
  readonly artifactType?: string | undefined
  /** Entry after which the list begins; it need not exist. */
  readonly last?: Digest | undefined
}

/** Page of referrers in the order of their digests. With `last` there may be more after it. */
export interface ReferrerPage {
  readonly referrers: readonly Referrer[]
  readonly last: Digest | undefined
}

/** Manifests read for one page. */
const MAX_CANDIDATES = 1000

/** Bytes of manifests after which a page ends. Those that are read at the same time may be some more. */
const MAX_CANDIDATE_BYTES = 32 * 1024 * 1024

/** Manifest that may be a referrer. */
interface Candidate {
  /** Bytes; 0 for one that is not there. */
  readonly size: number
  readonly referrer: Referrer | undefined
}

/**
 * Referrers: manifests that name another one as their subject. A link tells of each that was pushed here. Clients that pushed to a
 * registry without referrers, as Distribution is, keep an index of them under a tag instead. Whatever either tells of counts
 * while the manifest is there and names the subject.
 */
export class ReferrerStore {
  readonly #storage: StorageDriver
  readonly #manifests: ManifestStore
  readonly #tags: TagStore

  constructor(storage: StorageDriver, manifests: ManifestStore, tags: TagStore) {
    this.#storage = storage
    this.#manifests = manifests
    this.#tags = tags
  }

  /** Lists referrers. A page is no longer than a manifest may be, unless a single referrer is. With `last` it may be empty. */
  async list(repository: string, subject: Digest, { artifactType, last }: ReferrerQuery): Promise<ReferrerPage> {
    const digests = await this.#digests(repository, subject, last)
    const candidates = streamConcurrent(digests.slice(0, MAX_CANDIDATES), digest =>
      this.#read(repository, subject, digest),
    )
    const page: Referrer[] = []
    let [told, bytes, lookedAt] = [0, 0, 0]
    for await (const { size, referrer } of candidates) {
      if (referrer && (artifactType === undefined || referrer.artifactType === artifactType)) {
        told += Buffer.byteLength(JSON.stringify(referrer))
        if (told > MAX_MANIFEST_BYTES && page.length > 0) break
        page.push(referrer)
      }
      lookedAt += 1
      bytes += size
      if (bytes > MAX_CANDIDATE_BYTES) break
    }
    return { referrers: page, last: lookedAt < digests.length ? digests[lookedAt - 1] : undefined }
  }

  /** Lists what may be a referrer, after `last`, in order: all that one page reads, and one more if there are more. */
  async #digests(repository: string, subject: Digest, last: Digest | undefined): Promise<Digest[]> {
    const [linked, tagged] = await settleAll([
      this.#linked(repository, subject, last),
      this.#tagged(repository, subject),
    ])
    return [...new Set([...linked, ...tagged])].filter(digest => last === undefined || digest > last).toSorted()
  }

  async #linked(repository: string, subject: Digest, last: Digest | undefined): Promise<Digest[]> {
    const directory = referrers(repository, subject)
    const digests: Digest[] = []
    const startAfter = last && referrerLink(repository, subject, last)
    for await (const { path, isDirectory } of this.#storage.walk(directory, { startAfter })) {
      const [algorithm, hex] = path.slice(directory.length + 1).split('/')
      const digest = isDirectory ? undefined : asDigest(`${algorithm}:${hex}`)
      if (digest) digests.push(digest)
      if (digests.length > MAX_CANDIDATES) break
    }
    return digests
  }

  async #tagged(repository: string, subject: Digest): Promise<readonly Digest[]> {
    const digest = await this.#tags.resolve(repository, referrersTag(subject))
    const index = digest && (await this.#manifests.find(repository, digest))
    const { references = [] } = (index && readManifest(index.content)) ?? {}
    return references.filter(({ kind }) => kind !== 'blob').map(({ digest }) => digest)
  }

  async #read(repository: string, subject: Digest, digest: Digest): Promise<Candidate> {
    const stored = await this.#manifests.find(repository, digest)
    if (!stored) return { size: 0, referrer: undefined }
    const size = stored.content.length
    const manifest = readManifest(stored.content)
    if (manifest?.subject !== subject) return { size, referrer: undefined }
    const { mediaType, artifactType, annotations } = manifest
    const more = { ...(artifactType && { artifactType }), ...(annotations && { annotations }) }
    return { size, referrer: { mediaType, size, digest, ...more } }
  }
}

/** Makes a tag by the specification's "referrers tag schema". Of a longer digest it has 64 digits. */
function referrersTag(subject: Digest): string {
  const { algorithm, hex } = digestParts(subject)
  return `${algorithm}-${hex.slice(0, 64)}`
}
