import { randomBytes } from 'node:crypto'
import type { StorageDriver } from '@longshore/middleware-core'
import { BlobStore } from '../storage/blob-store.ts'
import { Catalog } from '../storage/catalog.ts'
import { ManifestStore } from '../storage/manifest-store.ts'
import { ReferrerStore } from '../storage/referrer-store.ts'
import { TagStore } from '../storage/tag-store.ts'
import { UploadStore } from '../storage/uploads/upload-store.ts'
import { InlineBlobs } from './inline-blobs.ts'

/** What an owner decides about a registry's contents. */
export interface ContentOptions {
  /** Whether tags, manifests and blobs can be deleted. Default false, as in Distribution. */
  deletes?: boolean | undefined
  /** Whether blobs are fetched from where the storage says, if it says so, or all through the registry. Default true. */
  redirects?: boolean | undefined
  /** How many blobs and manifests are remembered for pulls; 0 for none. Default 10,000, as in Distribution. */
  cache?: number | undefined
  /**
   * What the states in uploads' URLs are signed with. Nodes with the same secret save the storage questions about each
   * other's uploads; they continue them in any case. Default, also for an empty one: a random one.
   */
  secret?: string | undefined
  /** The most repositories that one page of the catalog may be asked to hold. Default 1000, as in Distribution. */
  maxCatalogEntries?: number | undefined
  /** Seconds without a byte after which a client that is sending a body, or being sent a blob, counts as gone. Default 60. */
  patience?: number | undefined
  /**
   * How many blobs are sent through the registry at once; further clients are told to try again. Default 128, half of the
   * connections that the S3 driver keeps to its storage.
   */
  maxInlineBlobs?: number | undefined
}

/** What the routes work with. */
export interface Services {
  readonly blobs: BlobStore
  readonly inline: InlineBlobs
  readonly uploads: UploadStore
  readonly manifests: ManifestStore
  readonly tags: TagStore
  readonly referrers: ReferrerStore
  readonly catalog: Catalog
  readonly maxCatalogEntries: number
  readonly deletes: boolean
  readonly redirects: boolean
  readonly patience: number
}

export function createServices(storage: StorageDriver, options: ContentOptions): Services {
  const { deletes = false, redirects = true, maxCatalogEntries = 1000 } = options
  const { cache = 10_000, patience = 60, maxInlineBlobs = 128 } = options
  const secret = options.secret || randomBytes(32)
  const blobs = new BlobStore(storage, cache)
  const manifests = new ManifestStore(storage, blobs, cache)
  const tags = new TagStore(storage)
  return {
    blobs,
    inline: new InlineBlobs(blobs, maxInlineBlobs),
    uploads: new UploadStore(storage, blobs, { secret, patience }),
    manifests,
    tags,
    referrers: new ReferrerStore(storage, manifests, tags),
    catalog: new Catalog(storage),
    maxCatalogEntries,
    deletes,
    redirects,
    patience,
  }
}
