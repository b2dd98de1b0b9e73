import { randomUUID } from 'node:crypto'
import type { Bucket, ObjectRef } from '../bucket.ts'
import type { CopySettings } from '../objects/copy.ts'
import type { MultipartUpload } from '../multipart/multipart-upload.ts'
import type { Part, PartSizeStrategy } from '../multipart/parts.ts'
import type { OverflowObject } from './overflow.ts'
import type { MemoryBudget } from './memory-budget.ts'

/** What the uploads of one driver have in common. */
export interface UploadSettings {
  readonly sizing: PartSizeStrategy
  /** Parts of one upload under way at once. */
  readonly concurrency: number
  readonly memory: MemoryBudget
  readonly copies: CopySettings
}

/** Where an upload is left and found, and where its commit puts the file. */
export interface UploadPaths {
  readonly path: string
  readonly destination: string
}

/** What is known of an upload that is being continued. */
export interface UploadState {
  readonly multipart?: MultipartUpload | undefined
  readonly token?: string | undefined
  /** The parts to continue behind. */
  readonly parts: readonly Part[]
  /** Parts that S3 holds beside those, and that must not be taken for the upload's own. */
  readonly stale: Readonly<Record<string, string>>
  readonly hasCheckpoint: boolean
  /** Under which id its multipart upload is, or will be, temporaryKey, unless that lies at the path's own key. */
  readonly temporaryKey?: string | undefined
  /** What its bytes were spilled to. */
  readonly spill?: OverflowObject | undefined
}

/** Where the multipart upload of an upload to `path` lies. */
export function uploadRef(bucket: Bucket, path: string, temporaryKey: string | undefined): ObjectRef {
  return temporaryKey === undefined ? bucket.place(path) : { key: bucket.keys.temporaryKey(path, temporaryKey), path }
}

/**
 * How the multipart upload of an upload without one is to be temporaryKey. S3 completes an upload only at its own key, so one that
 * is to go elsewhere gets a key that it shares with nobody: two of them at one path must not complete over each other, which
 * Ceph 16, where copies know no condition, could not tell.
 */
export function newTemporaryKey({ path, destination }: UploadPaths): string | undefined {
  return destination === path ? undefined : randomUUID()
}
