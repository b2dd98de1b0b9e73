import { LRUCache } from 'lru-cache'
import type { UploadState } from './upload-state.ts'

/** Uploads remembered at most. */
const MAX_UPLOADS = 16_384

/** Age up to which an upload may count as new: one hour. No purge removes one that young. */
const MAX_AGE_MS = 60 * 60 * 1000

/**
 * Cache of uploads that nothing was sent to yet, for which the storage need not be asked. A client may send the URL of a new
 * upload again later, to this node or another, so how far to rely on it depends on what would be lost.
 */
export class NewUploadCache {
  readonly #uploads = new LRUCache<string, 'untouched' | 'touched'>({ max: MAX_UPLOADS, ttl: MAX_AGE_MS })

  /** Notes an upload that began on this node. */
  add(upload: string): void {
    this.#uploads.set(upload, 'untouched')
  }

  /** Notes a request to this node that may change the upload. */
  touch(upload: string): void {
    this.#uploads.set(upload, 'touched')
  }

  /**
   * True when the first bytes can be stored, which would replace others: only on the node where the upload began, and once.
   * Bytes that another node has stored meanwhile show in the state of every later URL, and in a `Content-Range`. A client
   * that sends neither, but the first URL again after a detour, begins anew.
   */
  canBegin(upload: string, state: UploadState | undefined): boolean {
    return isNew(state) && this.#uploads.get(upload) === 'untouched'
  }

  /** True when a body may be taken for the whole blob, on any node: its digest tells whether that was right. */
  mayBeWhole(upload: string, state: UploadState | undefined): boolean {
    return isNew(state) && this.#uploads.get(upload) !== 'touched'
  }
}

function isNew(state: UploadState | undefined): boolean {
  if (!state?.isOurs || !state.startedAt || state.offset > 0) return false
  return Date.now() - state.startedAt.getTime() < MAX_AGE_MS
}
