import { randomBytes } from 'node:crypto'
import type { Content } from './content.ts'
import { compareKeys, KeyIndex } from './key-index.ts'

export interface StoredObject {
  key: string
  content: Content
  /** Without quotes. */
  etag: string
  /** Milliseconds, a whole second: S3 keeps no more. */
  modified: number
  /** What HEAD and GET say of it, lower-case: content-type, x-amz-meta-*, x-amz-server-side-encryption, ... */
  headers: Readonly<Record<string, string>>
  /** Base64 by algorithm, of the whole object, where the client gave one. */
  checksums: Readonly<Record<string, string>>
}

export interface Part {
  number: number
  content: Content
  etag: string
  modified: number
  checksums: Readonly<Record<string, string>>
}

export interface UploadChecksum {
  algorithm: string
  /** COMPOSITE: every part and the completion must carry one. FULL_OBJECT: they may. */
  type: 'COMPOSITE' | 'FULL_OBJECT'
}

export interface Upload {
  id: string
  key: string
  /** Milliseconds, by the endpoint's clock. */
  initiated: number
  headers: Readonly<Record<string, string>>
  /** Algorithm of the parts' checksums, lower-case, and what becomes of them. */
  checksum: UploadChecksum | undefined
  parts: Map<number, Part>
}

/** A finished upload, kept so that the same completion can be answered again, as AWS does. */
export interface CompletedUpload {
  key: string
  parts: string
  answer: string
}

interface Change {
  time: number
  key: string
  before: StoredObject | undefined
}

const REMEMBERED_CHANGES = 1_000
const REMEMBERED_UPLOADS = 10_000

export class Bucket {
  readonly name: string
  readonly created = Date.now()
  readonly uploads = new Map<string, Upload>()
  readonly completed = new Map<string, CompletedUpload>()
  readonly #objects = new Map<string, StoredObject>()
  readonly #index = new KeyIndex()
  #changes: Change[] = []
  #lastUploadTime = 0

  constructor(name: string) {
    this.name = name
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key)
  }

  /** Replaces what had the key. From now on the object's content belongs to the bucket. */
  put(object: StoredObject): void {
    const before = this.#objects.get(object.key)
    this.#objects.set(object.key, object)
    if (!before) this.#index.add(object.key)
    this.#remember(object.key, before)
    before?.content.release()
  }

  delete(key: string): void {
    const before = this.#objects.get(key)
    if (!before) return
    this.#objects.delete(key)
    this.#index.remove(key)
    this.#remember(key, before)
    before.content.release()
  }

  keys(): readonly string[] {
    return this.#index.keys()
  }

  /** The keys and objects as they were before the last `writes` changes, or `milliseconds` ago. */
  stale(back: { writes?: number; milliseconds?: number }): {
    keys: readonly string[]
    get(key: string): StoredObject | undefined
  } {
    const since = Date.now() - (back.milliseconds ?? 0)
    const undone = this.#changes.filter(
      (change, index) => index >= this.#changes.length - (back.writes ?? 0) || change.time > since,
    )
    const before = new Map<string, StoredObject | undefined>()
    for (const change of undone.toReversed()) before.set(change.key, change.before)
    const unchanged = this.keys().filter(key => !before.has(key))
    const restored = [...before].filter(([, object]) => object !== undefined).map(([key]) => key)
    return {
      keys: [...unchanged, ...restored].toSorted(compareKeys),
      get: key => (before.has(key) ? before.get(key) : this.get(key)),
    }
  }

  /** In the order of ListMultipartUploads: by key, then by time. */
  sortedUploads(): Upload[] {
    return [...this.uploads.values()].toSorted((a, b) => compareKeys(a.key, b.key) || compareKeys(a.id, b.id))
  }

  createUpload(upload: Omit<Upload, 'id' | 'parts'>): Upload {
    // Ids of one key sort by time, so that paging by upload id marker and the order by time agree.
    this.#lastUploadTime = Math.max(this.#lastUploadTime + 1, Date.now() * 1000)
    const id = `${this.#lastUploadTime.toString(36).padStart(12, '0')}.${randomBytes(24).toString('base64url')}`
    const created = { ...upload, id, parts: new Map<number, Part>() }
    this.uploads.set(id, created)
    return created
  }

  dropUpload(upload: Upload): void {
    this.uploads.delete(upload.id)
    for (const part of upload.parts.values()) part.content.release()
    upload.parts.clear()
  }

  rememberCompleted(id: string, completed: CompletedUpload): void {
    this.completed.set(id, completed)
    if (this.completed.size > REMEMBERED_UPLOADS) {
      const [oldest] = this.completed.keys()
      if (oldest !== undefined) this.completed.delete(oldest)
    }
  }

  #remember(key: string, before: StoredObject | undefined): void {
    this.#changes.push({ time: Date.now(), key, before })
    if (this.#changes.length > 2 * REMEMBERED_CHANGES) this.#changes = this.#changes.slice(-REMEMBERED_CHANGES)
  }
}
