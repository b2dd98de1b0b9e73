import type { StorageDriver } from '@longshore/middleware-core'
import type { Digest } from '../oci/digest.ts'
import { messageOf } from '../observability/error-text.ts'
import type { LinkKind } from '../storage/parse-path.ts'
import { REVALIDATE_AFTER_MS } from '../storage/gc-safety.ts'
import type { GarbageRules } from './plan.ts'

/** Options of a garbage collection. */
export interface CollectionOptions {
  /** Age up to which nothing is garbage. Default, and the least that is safe while clients push: 24 hours. */
  graceMs?: number | undefined
  /**
   * Time that a request may take from seeing a link to storing what relies on it. Default 5 minutes; less than
   * `MIN_SETTLE_MS` is safe only while nobody pushes.
   */
  settleMs?: number | undefined
  /** True to delete manifests, too, that neither a tag, nor an index, nor a subject leads to. Default false. */
  deleteUntagged?: boolean | undefined
  /**
   * True to read every link, and the bytes of every blob that stays, too. Blobs that do not have their digest are told of and
   * removed, so that the next push stores them anew. Default false: only what a listing shows is told of.
   */
  verify?: boolean | undefined
  /** True to tell what would go, and touch nothing. Default false. */
  dryRun?: boolean | undefined
  /** Ends the collection early, as soon as all is consistent again. */
  signal?: AbortSignal | undefined
  /** Called with each event. */
  onEvent?: ((event: CollectionEvent) => void) | undefined
}

/**
 * Reason for which something stays that was to go: it was written again since it was listed, or the storage tells another
 * time of it by itself than in a listing, so that nobody knows.
 */
export type SparingReason = 'rewritten' | 'times-differ'

/** Steps of a collection, in their order. */
export type CollectionStep = 'recover' | 'mark' | 'find' | 'settle' | 'check' | 'sweep' | 'confirm'

export type CollectionEvent =
  /** A step begins. It will have `total` ticks, if that is known. */
  | { readonly type: 'step'; readonly step: CollectionStep; readonly total?: number | undefined }
  | { readonly type: 'tick' }
  /** A link is removed, or would be. */
  | { readonly type: 'unlinked'; readonly kind: LinkKind; readonly repository: string; readonly digest: Digest }
  /** A link was put back, because something that was pushed meanwhile needs it. */
  | { readonly type: 'restored'; readonly path: string }
  /** A blob is deleted, or would be. */
  | { readonly type: 'deleted'; readonly digest: Digest; readonly size: number }
  /** A link or blob was to go and stays, because of what a second look at it showed. */
  | { readonly type: 'spared'; readonly path: string; readonly reason: SparingReason }
  /** Something is amiss in the storage that is none of the collection's business. */
  | { readonly type: 'warning'; readonly text: string }
  /** Something could not be done. */
  | { readonly type: 'failure'; readonly text: string }

/** Outcome of a collection; of a dry run, what it would have been. */
export interface CollectionSummary {
  repositories: number
  /** Manifests kept. */
  manifests: number
  /** Blobs kept, manifests' included, and their bytes. */
  blobs: number
  bytes: number
  /** Links removed, by what they led to. */
  unlinked: Record<LinkKind, number>
  restored: number
  /** Links and blobs that were to go and stay, by the reason. */
  spared: Record<SparingReason, number>
  /** Blobs deleted, and their bytes. */
  deletedBlobs: number
  freedBytes: number
  warnings: number
  failures: number
  /** Ended before its end. */
  isInterrupted: boolean
}

/** State that the steps of one collection share. */
export class Collection implements GarbageRules {
  readonly storage: StorageDriver
  readonly cutoff: Date
  readonly deleteUntagged: boolean
  readonly dryRun: boolean
  readonly verify: boolean
  readonly summary: CollectionSummary = {
    repositories: 0,
    manifests: 0,
    blobs: 0,
    bytes: 0,
    unlinked: { layer: 0, revision: 0, history: 0, referrer: 0 },
    restored: 0,
    spared: { rewritten: 0, 'times-differ': 0 },
    deletedBlobs: 0,
    freedBytes: 0,
    warnings: 0,
    failures: 0,
    isInterrupted: false,
  }
  /** Blobs that some link leads to, or did at any time of the collection but was not taken away by it. */
  readonly linked = new Set<Digest>()
  /** Blobs that links call manifests: their bytes were read with their repository. */
  readonly manifests = new Set<Digest>()
  /** Bytes of blobs, as manifests tell. */
  readonly sizes = new Map<Digest, number>()
  readonly #options: CollectionOptions

  constructor(storage: StorageDriver, options: CollectionOptions) {
    const { graceMs = DEFAULT_GRACE_MS, deleteUntagged = false, dryRun = false, verify = false } = options
    this.storage = storage
    // Object storages tell whole seconds: what was written in the cutoff's own second is not older than it.
    this.cutoff = new Date(Math.floor((Date.now() - graceMs) / 1000) * 1000)
    this.deleteUntagged = deleteUntagged
    this.dryRun = dryRun
    this.verify = verify
    this.#options = options
  }

  get settleMs(): number {
    return this.#options.settleMs ?? DEFAULT_SETTLE_MS
  }

  /** True once it was asked to end; then the summary says so. */
  get isStopped(): boolean {
    const isStopped = this.#options.signal?.aborted ?? false
    if (isStopped) this.summary.isInterrupted = true
    return isStopped
  }

  /** Counts a blob that stays. Always false: it is not among those that go. */
  keep({ size }: { readonly size: number }): false {
    this.summary.blobs += 1
    this.summary.bytes += size
    return false
  }

  step(step: CollectionStep, total?: number): void {
    this.tell({ type: 'step', step, total })
  }

  tell(event: CollectionEvent): void {
    const { summary } = this
    if (event.type === 'unlinked') summary.unlinked[event.kind] += 1
    else if (event.type === 'restored') summary.restored += 1
    else if (event.type === 'spared') summary.spared[event.reason] += 1
    else if (event.type === 'warning') summary.warnings += 1
    else if (event.type === 'failure') summary.failures += 1
    else if (event.type === 'deleted') {
      summary.deletedBlobs += 1
      summary.freedBytes += event.size
    }
    this.#options.onEvent?.(event)
  }

  fail(what: string, error: unknown): void {
    this.tell({ type: 'failure', text: `${what}: ${messageOf(error)}` })
  }
}

/** Default grace period: 24 hours. Uploads rely on it: they reuse bytes only when those are much younger. */
export const DEFAULT_GRACE_MS = 24 * 60 * 60 * 1000

/** Least settling time: twice the time after which a request of this registry asks again. Other registries never do. */
export const MIN_SETTLE_MS = 2 * REVALIDATE_AFTER_MS

/** Default settling time: 5 minutes. A write to S3 may take four minutes, four attempts of one each. */
export const DEFAULT_SETTLE_MS = 5 * 60 * 1000
