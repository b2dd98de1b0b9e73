import { Readable } from 'node:stream'
import * as z from 'zod/mini'
import { defineDriver } from '../../authoring/define-driver.ts'
import type { DriverImplementation } from '../../authoring/driver-implementation.ts'
import type {
  DeleteOptions,
  FileInfo,
  MoveOptions,
  ReadOptions,
  PurgeResult,
  WalkOptions,
  WriteOptions,
} from '../../contract/storage-driver.ts'
import { StorageError, revisionMismatch, pathNotFound } from '../../contract/errors.ts'
import type { Upload } from '../../authoring/upload-writer.ts'
import { parentPath, root, walkPosition } from '../../contract/paths.ts'
import { InMemoryUpload, UnfinishedUpload } from './upload.ts'

/**
 * A driver that keeps everything in this process's memory, for tests and for trying things out: `inmemory({})`. Each
 * call of the factory makes a storage of its own. It is the model that the conformance suite compares other drivers with.
 */
export const inmemory = defineDriver({
  name: 'inmemory',
  options: z.object({}),
  create: () => new InMemoryStorage(),
})

interface StoredFile {
  readonly bytes: Buffer
  readonly modifiedAt: Date
  readonly revision: string
}

/** Bytes that one chunk of a reader holds at most. */
const readSize = 1 << 16

/** The storage of one `inmemory` driver. Contents are copied on their way in and out, so that nobody shares them. */
export class InMemoryStorage implements DriverImplementation {
  readonly #files = new Map<string, StoredFile>()
  /** Those that were left come in the order in which they were. */
  readonly #uploads = new Set<UnfinishedUpload>()
  /** How often a content was stored: the number is its revision. */
  #stored = 0

  async getContent(path: string): Promise<Uint8Array> {
    return Buffer.from(this.#file(path).bytes)
  }

  async putContent(path: string, content: Uint8Array): Promise<void> {
    this.#store(path, Buffer.from(content))
  }

  async reader(path: string, offset: number, { revision }: Omit<ReadOptions, 'offset'>): Promise<Readable> {
    return Readable.from(copies(this.#file(path, revision).bytes, offset), { objectMode: false })
  }

  async writer(path: string, append: boolean, { destination = path }: Omit<WriteOptions, 'append'>): Promise<Upload> {
    const upload = (append ? this.#left(path) : undefined) ?? new UnfinishedUpload(path)
    upload.isLeft = false
    this.#uploads.add(upload)
    return new InMemoryUpload(upload, {
      leave: () => {
        // What was swept meanwhile stays away.
        if (!this.#uploads.delete(upload)) return
        this.#uploads.add(upload)
        upload.isLeft = true
      },
      publish: () => {
        if (!this.#uploads.delete(upload))
          throw new StorageError('UPLOAD_NOT_FOUND', `the upload was discarded: ${path}`)
        this.#store(destination, upload.bytes)
      },
      discard: () => this.#uploads.delete(upload),
    })
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    return this.#info(path)
  }

  async list(path: string): Promise<string[]> {
    return this.#below(path).filter(entry => parentPath(entry) === path)
  }

  async *walk(path: string, { startAfter = '', descend = () => true }: WalkOptions): AsyncIterable<FileInfo> {
    const positions = this.#below(path).map(entry =>
      walkPosition({ path: entry, isDirectory: !this.#files.has(entry) }),
    )
    let leftOut: string | undefined
    for (const position of positions.toSorted()) {
      if (leftOut !== undefined && position.startsWith(leftOut)) continue
      const info = this.#info(position.replace(/\/$/, ''))
      if (!info) continue
      if (position > startAfter) yield info
      else if (!startAfter.startsWith(position)) continue
      if (info.isDirectory && !descend(info)) leftOut = position
    }
  }

  async move(source: string, destination: string, { revision }: MoveOptions): Promise<void> {
    this.#store(destination, this.#file(source, revision).bytes)
    this.#files.delete(source)
  }

  async delete(path: string, { fileOnly = false }: DeleteOptions): Promise<void> {
    if (fileOnly) {
      this.#files.delete(path)
      return
    }
    const doomed = [...this.#files.keys()].filter(file => file === path || isBelow(file, path))
    if (doomed.length === 0) throw pathNotFound(path)
    for (const file of doomed) this.#files.delete(file)
  }

  async purgeUploads(olderThan: Date, path: string): Promise<PurgeResult> {
    const stale = [...this.#uploads].filter(
      upload => (upload.path === path || isBelow(upload.path, path)) && upload.touchedAt < olderThan,
    )
    for (const upload of stale) this.#uploads.delete(upload)
    return { uploads: stale.length }
  }

  /** The upload to continue, or undefined where an empty file was committed. */
  #left(path: string): UnfinishedUpload | undefined {
    const left = [...this.#uploads].findLast(upload => upload.path === path && upload.isLeft)
    if (left || this.#file(path).bytes.length === 0) return left
    throw new StorageError('ALREADY_COMMITTED', `no upload to continue: ${path} is committed and has content`, { path })
  }

  #file(path: string, revision?: string): StoredFile {
    const file = this.#files.get(path)
    if (!file) throw pathNotFound(path)
    if (revision !== undefined && revision !== file.revision) throw revisionMismatch(path)
    return file
  }

  #store(path: string, bytes: Buffer): void {
    this.#stored += 1
    this.#files.set(path, { bytes, modifiedAt: new Date(), revision: `${this.#stored}` })
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

function isBelow(path: string, directory: string): boolean {
  return path !== root && path.startsWith(directory === root ? root : `${directory}/`)
}

function* copies(bytes: Buffer, offset: number): Iterable<Buffer> {
  for (let start = offset; start < bytes.length; start += readSize) {
    yield Buffer.from(bytes.subarray(start, start + readSize))
  }
}
