import { LRUCache } from 'lru-cache'
import type { UploadState } from './upload-state.ts'

/** So many uploads are remembered. */
const MAX_UPLOADS = 16_384

/** Milliseconds after its start for which an upload may be taken for fresh. Nobody purges one that young. */
const MAX_AGE_MS = 60 * 60 * 1000

/**
 * Which uploads nothing was sent to yet. Where a request can rely on that it asks the storage nothing. A client may send
 * the URL of a fresh upload again later, to this node or another, so how far to rely on it depends on what would be lost.
 */
export class NewUploadCache {
  readonly #known = new LRUCache<string, 'untouched' | 'touched'>({ max: MAX_UPLOADS, ttl: MAX_AGE_MS })

  /** An upload began on this node. */
  begin(upload: string): void {
    this.#known.set(upload, 'untouched')
  }

  /** A request that may change the upload has come to this node. */
  touch(upload: string): void {
    this.#known.set(upload, 'touched')
  }

  /**
   * Whether the first bytes can be stored, which would replace others: only on the node where the upload began, and once.
   * Bytes that another node has stored meanwhile show in the state of every later URL, and in a `Content-Range`. Who sends
   * neither, but the first URL again after a detour, begins anew.
   */
  canBegin(upload: string, state: UploadState | undefined): boolean {
    return isOfFresh(state) && this.#known.get(upload) === 'untouched'
  }

  /** Whether a body may be taken for the whole blob, on any node: its digest tells whether that was right. */
  mayBeWhole(upload: string, state: UploadState | undefined): boolean {
    return isOfFresh(state) && this.#known.get(upload) !== 'touched'
  }
}

function isOfFresh(state: UploadState | undefined): boolean {
  if (!state?.isOurs || !state.startedAt || state.offset > 0) return false
  return Date.now() - state.startedAt.getTime() < MAX_AGE_MS
}
