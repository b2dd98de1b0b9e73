import { Readable } from 'node:stream'
import type { DriverImplementation, Resolved } from '../../authoring/driver-implementation.ts'
import type { Upload } from '../../authoring/upload.ts'
import type {
  DeleteOptions,
  MoveOptions,
  PurgeOptions,
  PutOptions,
  ReadOptions,
  WalkOptions,
  WriteConditions,
  WriteOptions,
} from '../../contract/call-options.ts'
import { StorageError, fileExists, pathNotFound, revisionMismatch } from '../../contract/errors.ts'
import type { FileInfo, PurgeResult, WriteResult } from '../../contract/file-info.ts'
import type { FileMetadata } from '../../contract/metadata.ts'
import { compareBytes, isBelow, parentPath, walkPosition } from '../../contract/paths.ts'
import { InMemoryUpload, UnfinishedUpload } from './upload.ts'

interface StoredFile {
  readonly bytes: Buffer
  readonly metadata: FileMetadata
  readonly modifiedAt: Date
  readonly revision: string
}

/** Bytes that one chunk of a reader holds at most. */
const READ_SIZE = 1 << 16

/** Storage of one `inmemory` driver. Contents are copied on their way in and out, so that nobody shares them. */
export class InMemoryDriver implements DriverImplementation {
  readonly #files = new Map<string, StoredFile>()
  /** Unfinished uploads. Those that were abandoned come in the order in which they were. */
  readonly #uploads = new Set<UnfinishedUpload>()
  /** Number of contents that were stored so far: the latest is its file's revision. */
  #stored = 0

  async getContent(path: string): Promise<Uint8Array> {
    return Buffer.from(this.#file(path).bytes)
  }

  async putContent(path: string, content: Uint8Array, options: Resolved<PutOptions>): Promise<WriteResult> {
    return this.#store(path, Buffer.from(content), options.metadata, options)
  }

  async reader(path: string, { offset, length, ifRevision }: ReadOptions & { offset: number }): Promise<Readable> {
    const { bytes } = this.#file(path, ifRevision)
    const end = length === undefined ? bytes.length : offset + length
    return Readable.from(copies(bytes.subarray(offset, end)), { objectMode: false })
  }

  async writer(path: string, options: Resolved<WriteOptions> & { append: boolean }): Promise<Upload> {
    const { append, destination = path } = options
    const upload = (append ? this.#abandoned(path) : undefined) ?? new UnfinishedUpload(path, options.metadata)
    upload.isAbandoned = false
    this.#uploads.add(upload)
    return new InMemoryUpload(upload, {
      release: () => {
        // One that was purged meanwhile stays away.
        if (!this.#uploads.delete(upload)) return
        this.#uploads.add(upload)
        upload.isAbandoned = true
      },
      commit: conditions => {
        if (!this.#uploads.has(upload)) throw new StorageError('UPLOAD_NOT_FOUND', `the upload was discarded: ${path}`)
        const result = this.#store(destination, upload.bytes, upload.metadata, conditions)
        this.#uploads.delete(upload)
        return result
      },
      cancel: () => this.#uploads.delete(upload),
    })
  }

  async stat(path: string): Promise<FileInfo> {
    const info = this.#info(path)
    if (!info) throw pathNotFound(path)
    return info.isDirectory ? info : { ...info, metadata: this.#file(path).metadata }
  }

  async list(path: string): Promise<string[]> {
    return this.#below(path).filter(entry => parentPath(entry) === path)
  }

  async *walk(path: string, { startAfter = '', descend = () => true }: WalkOptions): AsyncIterable<FileInfo> {
    const positions = this.#below(path).map(entry =>
      walkPosition({ path: entry, isDirectory: !this.#files.has(entry) }),
    )
    let skipped: string | undefined
    for (const position of positions.toSorted(compareBytes)) {
      if (skipped !== undefined && position.startsWith(skipped)) continue
      const info = this.#info(position.replace(/\/$/, ''))
      if (!info) continue
      if (compareBytes(position, startAfter) > 0) yield info
      else if (!startAfter.startsWith(position)) continue
      if (info.isDirectory && !descend(info)) skipped = position
    }
  }

  async move(source: string, destination: string, { ifRevision }: MoveOptions): Promise<void> {
    const { bytes, metadata } = this.#file(source, ifRevision)
    this.#store(destination, bytes, metadata)
    this.#files.delete(source)
  }

  async delete(path: string, { fileOnly = false, ifRevision }: DeleteOptions): Promise<void> {
    if (fileOnly) {
      if (ifRevision !== undefined) this.#file(path, ifRevision)
      this.#files.delete(path)
      return
    }
    const removed = [...this.#files.keys()].filter(file => file === path || isBelow(file, path))
    if (removed.length === 0) throw pathNotFound(path)
    for (const file of removed) this.#files.delete(file)
  }

  async purgeUploads({ olderThan, path, dryRun = false }: PurgeOptions & { path: string }): Promise<PurgeResult> {
    const stale = [...this.#uploads].filter(
      upload => (upload.path === path || isBelow(upload.path, path)) && upload.touchedAt < olderThan,
    )
    if (!dryRun) for (const upload of stale) this.#uploads.delete(upload)
    return { uploads: stale.length }
  }

  /** The upload to continue, or undefined where an empty file was committed. */
  #abandoned(path: string): UnfinishedUpload | undefined {
    const abandoned = [...this.#uploads].findLast(upload => upload.path === path && upload.isAbandoned)
    if (abandoned || this.#file(path).bytes.length === 0) return abandoned
    throw new StorageError('ALREADY_COMMITTED', `no upload to continue: ${path} is committed and has content`, { path })
  }

  #file(path: string, ifRevision?: string): StoredFile {
    const file = this.#files.get(path)
    if (!file) throw pathNotFound(path)
    if (ifRevision !== undefined && ifRevision !== file.revision) throw revisionMismatch(path)
    return file
  }

  #store(
    path: string,
    bytes: Buffer,
    metadata: FileMetadata = {},
    { ifAbsent, ifRevision }: WriteConditions = {},
  ): WriteResult {
    const present = this.#files.get(path)
    if (ifAbsent && present) throw fileExists(path)
    if (ifRevision !== undefined && ifRevision !== present?.revision) throw revisionMismatch(path)
    this.#stored += 1
    const revision = `${this.#stored}`
    this.#files.set(path, { bytes, metadata: { ...metadata }, modifiedAt: new Date(), revision })
    return { revision }
  }

  #info(path: string): FileInfo | undefined {
    const file = this.#files.get(path)
    if (file) {
      const { bytes, modifiedAt, revision } = file
      return { path, size: bytes.length, modifiedAt: new Date(modifiedAt), isDirectory: false, revision }
    }
    if (![...this.#files.keys()].some(other => isBelow(other, path))) return undefined
    return { path, size: 0, modifiedAt: new Date(0), isDirectory: true }
  }

  /** The paths of all files and directories below `path`. */
  #below(path: string): string[] {
    const paths = new Set<string>()
    for (const file of this.#files.keys()) {
      for (let entry = file; isBelow(entry, path); entry = parentPath(entry)) paths.add(entry)
    }
    return [...paths]
  }
}

function* copies(bytes: Buffer): Iterable<Buffer> {
  for (let start = 0; start < bytes.length; start += READ_SIZE) {
    yield Buffer.from(bytes.subarray(start, start + READ_SIZE))
  }
}
