import type { BlobStore } from '../storage/blob-store.ts'
import type { Catalog } from '../storage/catalog.ts'
import type { ManifestStore } from '../storage/manifest-store.ts'
import type { ReferrerStore } from '../storage/referrer-store.ts'
import type { TagStore } from '../storage/tag-store.ts'
import type { UploadStore } from '../storage/uploads/upload-store.ts'
import type { InlineBlobs } from './inline-blobs.ts'

/** Stores and settings that the routes work with. */
export interface Services {
  readonly blobs: BlobStore
  readonly inline: InlineBlobs
  readonly uploads: UploadStore
  readonly manifests: ManifestStore
  readonly tags: TagStore
  readonly referrers: ReferrerStore
  readonly catalog: Catalog
  /** Repositories that one page of the catalog may be asked to hold. */
  readonly maxCatalogEntries: number
  /** Tags that one page of them holds at most. Undefined: as many as are asked for, or all. */
  readonly maxTags: number | undefined
  /** True where tags, manifests and blobs can be deleted. */
  readonly deletes: boolean
  /** True where clients are redirected to a blob. */
  readonly redirects: boolean
  /** Time without a byte after which a client that is sending a body, or being sent a blob, counts as gone. */
  readonly stallTimeoutMs: number
}
