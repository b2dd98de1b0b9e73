import { randomUUID } from 'node:crypto'
import type { FileMetadata } from '@longshore/middleware-core'
import type { Bucket, ObjectRef } from '../bucket.ts'
import type { MultipartUpload } from '../multipart/multipart-upload.ts'
import type { Part, PartSizeStrategy } from '../multipart/parts.ts'
import type { CopySettings } from '../multipart/copy.ts'
import type { OverflowObject } from './checkpoint.ts'
import { CheckpointStore } from './checkpoint-store.ts'
import type { MemoryBudget } from './memory-budget.ts'

/** Settings that the uploads of one driver share. */
export interface UploadSettings {
  readonly sizing: PartSizeStrategy
  /** Parts of one upload that are under way at once. */
  readonly concurrency: number
  readonly memory: MemoryBudget
  readonly copies: CopySettings
}

/** Path at which an upload is left and found, and path at which its commit puts the file. */
export interface UploadPaths {
  readonly path: string
  readonly destination: string
}

/** State of an upload when its writer starts. */
export interface UploadState {
  readonly multipart?: MultipartUpload | undefined
  /** Key of the multipart upload, or of the one that there may come to be. */
  readonly ref: ObjectRef
  /** See `Checkpoint.token`. */
  readonly token: string | undefined
  readonly metadata?: FileMetadata | undefined
  /** Parts that the upload continues after. */
  readonly parts: readonly Part[]
  /** Parts that S3 holds beside those, and that must not be taken for the upload's own. */
  readonly orphaned: Readonly<Record<string, string>>
  readonly checkpoint: CheckpointStore
  /** Overflow of the writer that this one goes on from. */
  readonly overflow?: OverflowObject | undefined
}

/** State of an upload that begins. */
export function newUpload(
  bucket: Bucket,
  paths: UploadPaths,
  metadata?: FileMetadata,
): UploadState & { readonly token: string } {
  return {
    token: randomUUID(),
    metadata,
    parts: [],
    orphaned: {},
    ref: newUploadRef(bucket, paths),
    checkpoint: new CheckpointStore(bucket, paths.path),
  }
}

/**
 * Key for the multipart upload of an upload that has none. S3 completes an upload only at its own key, so one that is to go
 * elsewhere gets a key that it shares with nobody: two of them at one path must not complete over each other, which Ceph 16,
 * where copies know no condition, could not tell.
 */
export function newUploadRef(bucket: Bucket, { path, destination }: UploadPaths): ObjectRef {
  return destination === path ? bucket.ref(path) : { key: bucket.keys.temporary(path, randomUUID()), path }
}
