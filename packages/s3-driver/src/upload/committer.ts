import {
  type CallOptions,
  type FileMetadata,
  StorageError,
  type WriteConditions,
  fileExists,
  isStorageError,
  revisionMismatch,
  undefinedIfNotFound,
} from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import type { MultipartUpload } from '../multipart/multipart-upload.ts'
import { type Part, totalSize } from '../multipart/parts.ts'
import { type CopySettings, type CopySource, copyObject } from '../multipart/copy.ts'
import { deleteObject, deleteUnchanged } from '../objects/delete-object.ts'
import { TOKEN_NAME } from '../objects/metadata.ts'
import { putObject } from '../objects/put.ts'

/** The upload that is committed. */
interface CommittedUpload {
  /** Key of its parts. */
  readonly source: ObjectRef
  readonly destination: ObjectRef
  readonly token: string | undefined
  readonly metadata: FileMetadata | undefined
}

/** Progress of a commit: a commit that is repeated takes no step again. */
type Progress =
  | { readonly kind: 'none' }
  /** The parts may have become an object. */
  | { readonly kind: 'completing' }
  | { readonly kind: 'completed'; readonly object: CopySource }
  | { readonly kind: 'copied'; readonly object: CopySource; readonly revision: string | undefined }

/**
 * Commit of an upload. Bytes that never became parts go straight to the destination. S3 completes parts only at the key they
 * were uploaded for, so those that are to be elsewhere become an object there first, which is copied on.
 */
export class Committer {
  readonly #bucket: Bucket
  readonly #upload: CommittedUpload
  readonly #copies: CopySettings
  #progress: Progress = { kind: 'none' }

  constructor(bucket: Bucket, upload: CommittedUpload, copies: CopySettings) {
    this.#bucket = bucket
    this.#upload = upload
    this.#copies = copies
  }

  /** True when the parts have become an object: there is no multipart upload any more. */
  get isCompleted(): boolean {
    return this.#progress.kind === 'completed' || this.#progress.kind === 'copied'
  }

  /**
   * Stores an upload without parts, and gives its revision. A condition has to be one that the server keeps on uploads with
   * parts, too: whether a commit can have one must not depend on its size.
   */
  async put(content: Uint8Array, conditions: WriteConditions, options: CallOptions): Promise<string | undefined> {
    const { destination, token, metadata } = this.#upload
    await this.#bucket.conditions.fieldsFor('complete', conditions, options)
    const put = { ...conditions, ...options, metadata, token }
    const { revision } = await putObject(this.#bucket, destination, content, put)
    return revision
  }

  /**
   * Fails where the commit of an upload with parts cannot keep its conditions, and early, while the upload still is what it was,
   * where they do not hold.
   */
  async assertConditions(conditions: WriteConditions, options: CallOptions): Promise<void> {
    const fields = await this.#bucket.conditions.fieldsFor('complete', conditions, options)
    if (Object.keys(fields).length === 0 || this.#isInPlace || this.#progress.kind === 'copied') return
    const { destination, token } = this.#upload
    const head = await undefinedIfNotFound(headObject(this.#bucket, destination, options))
    if (head && token !== undefined && head.Metadata?.[TOKEN_NAME] === token) return
    if (conditions.ifAbsent && head) throw fileExists(destination.path)
    if (conditions.ifRevision !== undefined && head?.ETag !== conditions.ifRevision) {
      throw revisionMismatch(destination.path)
    }
  }

  /** Makes the parts an object. It is the file already where it has that one's key. */
  async complete(
    multipart: MultipartUpload,
    parts: readonly Part[],
    conditions: WriteConditions,
    options: CallOptions,
  ): Promise<void> {
    this.#progress = { kind: 'completing' }
    const completion = { token: this.#upload.token, conditions: this.#isInPlace ? conditions : {} }
    const etag = await multipart.complete(parts, completion, options)
    this.#progress = { kind: 'completed', object: { size: totalSize(parts), etag } }
  }

  /** Takes what was completed to the destination, and gives the file's revision. */
  async move(conditions: WriteConditions, options: CallOptions): Promise<string | undefined> {
    if (this.#isInPlace) return this.#object?.etag
    if (this.#progress.kind === 'completed') {
      const { object } = this.#progress
      this.#progress = { kind: 'copied', object, revision: await this.#copy(object, conditions, options) }
    }
    await deleteObject(this.#bucket, this.#upload.source, options)
    return this.#progress.kind === 'copied' ? this.#progress.revision : undefined
  }

  /** Removes what became an object but not the file, unless somebody has put another in its place. */
  async rollback(options: CallOptions): Promise<void> {
    if (this.#progress.kind === 'none') return
    const { source, token } = this.#upload
    const head = await undefinedIfNotFound(headObject(this.#bucket, source, options))
    if (!head) return
    const isOwn = this.#object
      ? head.ETag === this.#object.etag
      : token !== undefined && head.Metadata?.[TOKEN_NAME] === token
    if (!isOwn) return
    await deleteUnchanged(this.#bucket, source, head.ETag, options)
  }

  get #object(): CopySource | undefined {
    return this.#progress.kind === 'completed' || this.#progress.kind === 'copied' ? this.#progress.object : undefined
  }

  get #isInPlace(): boolean {
    return this.#upload.source.key === this.#upload.destination.key
  }

  async #copy(object: CopySource, conditions: WriteConditions, options: CallOptions): Promise<string | undefined> {
    const { source, destination, token, metadata } = this.#upload
    try {
      // Only another program's upload may have metadata that nobody here knows of.
      const copy = { metadata: metadata ?? (token === undefined ? undefined : {}), token, conditions }
      return await copyObject(this.#bucket, source, destination, { ...object, ...copy }, this.#copies, options)
    } catch (error) {
      const isSource = isStorageError(error, 'PATH_NOT_FOUND', 'PRECONDITION_FAILED') && error.path === source.path
      if (!isSource) throw error
      const detail = `another writer has replaced or removed ${source.path} while it was being committed`
      throw new StorageError('UPLOAD_NOT_FOUND', detail, { path: source.path, cause: error })
    }
  }
}
