import type { MultipartUpload } from './multipart.ts'
import type { Part, PartSizing } from './parts.ts'
import type { Spill } from './spill.ts'
import type { UploadMemory } from './upload-memory.ts'

/** What the uploads of one driver have in common. */
export interface UploadSettings {
  readonly sizing: PartSizing
  /** Parts of one upload under way at once. */
  readonly concurrency: number
  readonly memory: UploadMemory
}

/** What is known of an upload that is being continued. */
export interface UploadState {
  readonly multipart?: MultipartUpload | undefined
  readonly token?: string | undefined
  /** The parts to continue behind. */
  readonly parts: readonly Part[]
  /** Parts that S3 holds beside those, and that must not be taken for the upload's own. */
  readonly stale: Readonly<Record<string, string>>
  readonly hasRecord: boolean
  /** What its bytes were spilled to. */
  readonly spill?: Spill | undefined
}
