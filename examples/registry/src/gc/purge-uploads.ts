import { type FileInfo, type StorageDriver, isStorageError, undefinedIfNotFound } from '@longshore/middleware-core'
import { isUploadId } from '../oci/names.ts'
import { messageOf } from '../observability/error-text.ts'
import { mapConcurrent } from '../storage/concurrency.ts'
import { blobs, repositories, uploadData, uploadDirectory, uploadStartedAt } from '../storage/layout.ts'
import { remove } from '../storage/links.ts'
import { parsePath } from '../storage/parse-path.ts'
import { release } from '../storage/uploads/upload-data.ts'

/** Options of a purge. */
export interface PurgeOptions {
  /** Age since an upload was started, and last added to, from which it is purged. Distribution's default is 168 hours. */
  ageMs: number
  /** True to tell what would go, and touch nothing. Default false. */
  dryRun?: boolean | undefined
  /** Ends the purge early, between two uploads. */
  signal?: AbortSignal | undefined
  /** Called for each upload that went, or would go. */
  onPurged?: ((upload: PurgedUpload) => void) | undefined
  /** Called with each failure, in words. */
  onFailure?: ((text: string) => void) | undefined
}

export interface PurgedUpload {
  readonly repository: string
  readonly id: string
  readonly startedAt: Date
}

/** Outcome of a purge; of a dry run, what it would have been. */
export interface PurgeSummary {
  /** Uploads purged. */
  purged: number
  /** Uploads kept. */
  kept: number
  /** Unfinished writers discarded, those of uploads included: pushes that a crash ended leave them elsewhere, too. */
  discarded: number
  failures: number
}

/**
 * Removes uploads that nobody finishes: those started longer ago than `ageMs`, and last added to longer ago as well, as far as
 * the storage can tell. After twice that an upload is over even when it still grows; for Distribution it is after once.
 *
 * Bytes of which nothing else is left, as when a request came back to an upload that had ended, count as started when they
 * were written. As for Distribution, whatever else does not look like an upload, or does not tell when it was started,
 * stays: it may be anything.
 */
export async function purgeUploads(storage: StorageDriver, options: PurgeOptions): Promise<PurgeSummary> {
  const purge = new Purge(storage, options)
  await purge.discardWriters()
  let batch: ListedUpload[] = []
  for await (const upload of listUploads(storage, options.signal)) {
    batch.push(upload)
    if (batch.length < BATCH_SIZE) continue
    await purge.purgeAll(batch)
    batch = []
  }
  await purge.purgeAll(batch)
  return purge.summary
}

/** Last moment that a date can hold: everything was touched before it. */
const END_OF_TIME = new Date(8.64e15)

/** Uploads held in memory at a time. */
const BATCH_SIZE = 1000

/** Directory of an upload. */
interface ListedUpload {
  readonly repository: string
  readonly id: string
  readonly files: FileInfo[]
}

/** Lists all uploads, from one flat listing, in which an upload's files come together. */
async function* listUploads(storage: StorageDriver, signal?: AbortSignal): AsyncIterable<ListedUpload> {
  const descend = ({ path }: FileInfo): boolean => !/\/_(?:layers|manifests)$/.test(path)
  let current: ListedUpload | undefined
  for await (const info of storage.walk(repositories, { descend })) {
    if (signal?.aborted) return
    const parsed = info.isDirectory ? undefined : parsePath(info.path)
    if (parsed?.kind !== 'upload' || !isUploadId(parsed.id)) continue
    const { repository, id } = parsed
    if (current?.id !== id || current.repository !== repository) {
      if (current) yield current
      current = { repository, id, files: [] }
    }
    current.files.push(info)
  }
  if (current) yield current
}

class Purge {
  readonly summary: PurgeSummary = { purged: 0, kept: 0, discarded: 0, failures: 0 }
  readonly #storage: StorageDriver
  readonly #options: PurgeOptions
  /** Uploads last added to before this are purged. */
  readonly #cutoff: Date
  /** Uploads started before this are purged, even when they still grow. */
  readonly #end: Date

  constructor(storage: StorageDriver, options: PurgeOptions) {
    const now = Date.now()
    this.#storage = storage
    this.#options = options
    this.#cutoff = new Date(now - options.ageMs)
    this.#end = new Date(now - 2 * options.ageMs)
  }

  /** Discards unfinished writers, those included that a crash left outside of any upload. */
  async discardWriters(): Promise<void> {
    if (this.#options.dryRun) return
    for (const path of [repositories, blobs]) {
      try {
        const { uploads } = await this.#storage.purgeUploads({ path, olderThan: this.#cutoff })
        this.summary.discarded += uploads
      } catch (error) {
        this.#fail(path, error)
      }
    }
  }

  async purgeAll(uploads: readonly ListedUpload[]): Promise<void> {
    await mapConcurrent(uploads, async upload => {
      if (this.#options.signal?.aborted) return
      try {
        if (await this.#purge(upload)) this.summary.purged += 1
        else this.summary.kept += 1
      } catch (error) {
        this.#fail(uploadDirectory(upload.repository, upload.id), error)
      }
    })
  }

  /** Purges an upload; false when it stays. */
  async #purge(upload: ListedUpload): Promise<boolean> {
    const { repository, id, files } = upload
    const startedAt = await this.#startOf(upload)
    if (!startedAt || startedAt >= this.#cutoff) return false
    const isOver = startedAt < this.#end
    if (!isOver && files.some(({ modifiedAt }) => modifiedAt >= this.#cutoff)) return false
    if (!this.#options.dryRun) {
      if (!isOver && (await this.#grows(upload))) return false
      const directory = uploadDirectory(repository, id)
      if (isOver) await this.#storage.purgeUploads({ path: directory, olderThan: END_OF_TIME })
      await remove(this.#storage, directory)
    }
    this.#options.onPurged?.({ repository, id, startedAt })
    return true
  }

  async #startOf({ repository, id, files }: ListedUpload): Promise<Date | undefined> {
    const path = uploadStartedAt(repository, id)
    if (!files.some(file => file.path === path)) {
      const [only, ...others] = files
      return only?.path === uploadData(repository, id) && others.length === 0 ? only.modifiedAt : undefined
    }
    const content = await undefinedIfNotFound(this.#storage.getContent(path))
    if (!content) return undefined
    const startedAt = parseStartedAt(Buffer.from(content).toString('latin1'))
    if (!startedAt) this.#tell(`${path}: not a time as 2006-01-02T15:04:05Z`)
    return startedAt
  }

  /** True when an unfinished writer is left: all old ones were discarded. Opening it changes nothing of what it holds. */
  async #grows({ repository, id, files }: ListedUpload): Promise<boolean> {
    const path = uploadData(repository, id)
    // Bytes that were committed and not moved to their place since: nothing is added to them.
    if (files.some(file => file.path === path)) return false
    try {
      await release(await this.#storage.writer(path, { append: true }))
      return true
    } catch (error) {
      if (isStorageError(error, 'PATH_NOT_FOUND', 'UPLOAD_NOT_FOUND', 'ALREADY_COMMITTED')) return false
      throw error
    }
  }

  #fail(what: string, error: unknown): void {
    this.#tell(`${what}: ${messageOf(error)}`)
  }

  #tell(text: string): void {
    this.summary.failures += 1
    this.#options.onFailure?.(text)
  }
}

/** Parses RFC 3339 as Go does. */
function parseStartedAt(text: string): Date | undefined {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/
  const time = form.test(text) ? new Date(text) : undefined
  return time && !Number.isNaN(time.getTime()) ? time : undefined
}
