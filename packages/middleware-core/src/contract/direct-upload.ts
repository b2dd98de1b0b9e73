import type { CallOptions, CommitOptions } from './call-options.ts'
import type { WriteResult } from './file-info.ts'
import type { NewFileMetadata } from './metadata.ts'

/** Request with which a client stores bytes at the storage itself: send it as it is, with every header. */
export interface UploadRequest {
  readonly method: 'PUT'
  readonly url: string
  /** Headers that the signature covers. `content-length` is among them; clients that set it themselves leave it out. */
  readonly headers: Readonly<Record<string, string>>
  /** Time at which the URL ceases to work. */
  readonly expiresAt: Date
}

/** Form with which a browser stores a file: `multipart/form-data` of these fields, and then the field `file`. */
export interface UploadForm {
  readonly method: 'POST'
  readonly url: string
  readonly fields: Readonly<Record<string, string>>
  /** Time at which the form ceases to work. */
  readonly expiresAt: Date
}

/** Size range of a form's file, in bytes. */
export interface SizeRange {
  /** Default 0. */
  readonly min?: number | undefined
  readonly max: number
}

interface UploadUrlBase extends CallOptions {
  /** Metadata to store with the file; the client sends it as told. */
  metadata?: NewFileMetadata | undefined
  /** Seconds that the URL works. Default: the driver's own setting, which also caps it. */
  expiresIn?: number | undefined
}

/** Options of `uploadUrlFor`. */
export interface UploadUrlOptions extends UploadUrlBase {
  /** Exact size of the file in bytes; the storage refuses any other. */
  size: number
  /** SHA-256 of the file, 64 hexadecimal digits; the storage refuses other bytes. Default: any bytes of that size. */
  sha256?: string | undefined
  /** True: the storage refuses the request where a file is at the path by then. Capability `putIfAbsent`. Default false. */
  ifAbsent?: boolean | undefined
}

/** Options of `uploadFormFor`. */
export interface UploadFormOptions extends UploadUrlBase {
  /** Sizes that the storage accepts. */
  size: SizeRange
}

/** Options with which a direct upload starts. */
export interface StartDirectUploadOptions extends CallOptions {
  /** Size of the file in bytes, 1 or more. The commit fails unless the parts have exactly this many. */
  size: number
  /** Bytes of each part but the last. Default: the driver's own, grown where the file would need more parts than the storage takes. */
  partSize?: number | undefined
  /** Path at which the commit puts the file. Default: the upload's own. */
  destination?: string | undefined
  /** Metadata to store with the file. Capability `metadata`. Default: none. */
  metadata?: NewFileMetadata | undefined
}

/** Options with which a direct upload is taken up again, on this node or another. `UPLOAD_NOT_FOUND` when it is gone. */
export interface ResumeDirectUploadOptions extends CallOptions {
  /** {@link DirectUpload.id} of an upload to the same path. */
  id: string
}

/** Options of `directUpload`: those of a new one, or of one that is continued. */
export type DirectUploadOptions = StartDirectUploadOptions | ResumeDirectUploadOptions

/**
 * Upload whose bytes never pass the service: it hands out a signed request for each part, the client sends them in any
 * order, several at once, again after a failure, and the service commits. Nothing can be read before the commit. An upload
 * that nobody finishes is found by `purgeUploads`.
 *
 * @example
 * const upload = await storage.directUpload('/videos/4711', { size })          // hand upload.id and partSize to the client
 * const request = await upload.partUrl(1, { sha256 })                          // for each part
 * await (await storage.directUpload('/videos/4711', { id })).commit()          // perhaps on another node
 */
export interface DirectUpload {
  /** Opaque name of the upload, of `A-Z a-z 0-9 _ -`. It opens nothing by itself: a service checks who may use it. */
  readonly id: string
  /** Size of the file in bytes. */
  readonly size: number
  /** Bytes of each part but the last, which has the rest. */
  readonly partSize: number
  /** Number of parts; the first is 1. */
  readonly partCount: number
  /** Signed request for one part. With `sha256` (64 hexadecimal digits) the storage refuses other bytes. */
  partUrl(number: number, options?: PartUrlOptions): Promise<UploadRequest>
  /** Parts that have arrived, in order. */
  parts(options?: CallOptions): Promise<DirectUploadPart[]>
  /**
   * Publishes the file, atomically, through the same steps as a writer's commit. `INVALID_STATE` while a part is missing or
   * has the wrong size: the upload stays as it is.
   */
  commit(options?: CommitOptions): Promise<WriteResult>
  /** Discards the upload with its parts. Cancelling what is gone does nothing. */
  cancel(options?: CallOptions): Promise<void>
}

/** Options of `partUrl`. */
export interface PartUrlOptions extends CallOptions {
  /** SHA-256 of the part, 64 hexadecimal digits; the storage refuses other bytes. Default: any bytes of the part's size. */
  sha256?: string | undefined
  /** Seconds that the URL works. Default: the driver's own setting, which also caps it. */
  expiresIn?: number | undefined
}

/** Part of a direct upload that has arrived. */
export interface DirectUploadPart {
  readonly number: number
  /** Bytes. */
  readonly size: number
}
