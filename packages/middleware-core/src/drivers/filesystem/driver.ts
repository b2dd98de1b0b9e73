import { type Dirent, constants } from 'node:fs'
import { type FileHandle, lstat, open, rm, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import type { DriverImplementation } from '../../authoring/driver-implementation.ts'
import type { Upload } from '../../authoring/upload.ts'
import { walkEntry } from '../../authoring/walk-by-listing.ts'
import type {
  CallOptions,
  DeleteOptions,
  MoveOptions,
  PurgeOptions,
  PutOptions,
  ReadOptions,
  StatOptions,
  WalkOptions,
  WriteOptions,
} from '../../contract/call-options.ts'
import { StorageError, pathNotFound, revisionMismatch, undefinedIfNotFound } from '../../contract/errors.ts'
import type { FileInfo, PurgeResult, WriteResult } from '../../contract/file-info.ts'
import { childPath, compareBytes, isRelativePath, root, walkPosition } from '../../contract/paths.ts'
import { removeTree, withDirectory, prune } from './directories.ts'
import { entriesOf, holdsFile, infoOf } from './entries.ts'
import { mapError, undefinedIfAbsent } from './errors.ts'
import type { Layout } from './layout.ts'
import { moveFile } from './move.ts'
import { commitFile } from './commit-file.ts'
import { purgeUploads } from './purge.ts'
import { revisionOf } from './revision.ts'
import { continueUpload, startUpload } from './upload.ts'

/** A link is not followed, and a pipe does not make the opening wait. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Bytes read at a time by a stream. */
const READ_SIZE = 512 * 1024

/** The contract's operations as file operations. */
export class FilesystemDriver implements DriverImplementation {
  readonly #layout: Layout

  constructor(layout: Layout) {
    this.#layout = layout
  }

  async getContent(path: string, { signal }: CallOptions): Promise<Uint8Array> {
    const handle = await this.#open(path)
    try {
      return await handle.readFile({ signal })
    } finally {
      await handle.close()
    }
  }

  async putContent(path: string, content: Uint8Array, { signal, ifAbsent }: PutOptions): Promise<WriteResult> {
    const temporary = this.#layout.temporary()
    try {
      await writeDurably(temporary, content, signal)
      return await commitFile(this.#layout, temporary, path, { ifAbsent })
    } catch (error) {
      await undefinedIfAbsent(rm(temporary, { force: true }))
      throw error
    }
  }

  async reader(path: string, { offset, length, ifRevision }: ReadOptions & { offset: number }): Promise<Readable> {
    const handle = await this.#open(path, ifRevision)
    if (length === 0) {
      await handle.close()
      return Readable.from([])
    }
    const end = length === undefined ? Infinity : offset + length - 1
    return handle.createReadStream({ start: offset, end, highWaterMark: READ_SIZE })
  }

  writer(path: string, { append, destination = path }: WriteOptions & { append: boolean }): Promise<Upload> {
    const begin = append ? continueUpload : startUpload
    return begin(this.#layout, { path, destination })
  }

  async stat(path: string, options: StatOptions): Promise<FileInfo> {
    if (path === root) await this.#checkHealth()
    const info = path === root ? undefined : await infoOf(path, this.#layout.file(path), options)
    if (!info) throw pathNotFound(path)
    return info
  }

  async list(path: string): Promise<string[]> {
    const children: string[] = []
    for (const entry of (await entriesOf(this.#layout.file(path))) ?? []) {
      const child = childPath(path, entry.name)
      if (!isRelativePath(child.slice(1))) continue
      if (entry.isFile() || (await holdsFile(this.#layout.file(child)))) children.push(child)
    }
    return children
  }

  async *walk(path: string, options: WalkOptions): AsyncIterable<FileInfo> {
    const entries = (await entriesOf(this.#layout.file(path))) ?? []
    for (const child of inWalkOrder(path, entries)) {
      // Asking for what comes before the start would make late pages slow.
      if (isBefore(child, options.startAfter)) continue
      options.signal?.throwIfAborted()
      const info = await undefinedIfNotFound(this.stat(child.path, {}))
      if (info) yield* walkEntry(info, options, () => this.walk(child.path, options))
    }
  }

  move(source: string, destination: string, { ifRevision }: MoveOptions): Promise<void> {
    return moveFile(this.#layout, source, destination, ifRevision)
  }

  async delete(path: string, { fileOnly = false }: DeleteOptions): Promise<void> {
    const file = this.#layout.file(path)
    const info = await infoOf(path, file, { fileOnly })
    if (!info && fileOnly) return
    if (!info) throw pathNotFound(path)
    const removal = info.isDirectory ? removeTree(file, this.#layout.temporary()) : unlink(file)
    await (fileOnly ? undefinedIfAbsent(removal) : removal)
    await prune(dirname(file), this.#layout.root)
  }

  async purgeUploads({ olderThan, path, dryRun = false }: PurgeOptions & { path: string }): Promise<PurgeResult> {
    return { uploads: await purgeUploads(this.#layout, path, { olderThan, dryRun }) }
  }

  mapError(error: unknown): StorageError {
    return mapError(error)
  }

  /** An absent root directory is an empty storage; anything but a directory that can be read is an error. */
  async #checkHealth(): Promise<void> {
    const directory = this.#layout.root
    if ((await entriesOf(directory)) || !(await undefinedIfAbsent(lstat(directory)))) return
    throw new StorageError('UNKNOWN', 'the root directory is not a directory')
  }

  async #open(path: string, ifRevision?: string): Promise<FileHandle> {
    const handle = await undefinedIfAbsent(open(this.#layout.file(path), READ))
    if (!handle) throw pathNotFound(path)
    try {
      const stats = await handle.stat({ bigint: true })
      if (!stats.isFile()) throw pathNotFound(path)
      if (ifRevision !== undefined && ifRevision !== revisionOf(stats)) throw revisionMismatch(path)
      return handle
    } catch (error) {
      await handle.close()
      throw error
    }
  }
}

async function writeDurably(file: string, content: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  const handle = await withDirectory(dirname(file), () => open(file, 'wx'))
  try {
    await handle.writeFile(content, { signal })
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

interface WalkEntry {
  readonly path: string
  readonly isDirectory: boolean
}

function inWalkOrder(directory: string, entries: Dirent[]): WalkEntry[] {
  return entries
    .map(entry => ({ path: childPath(directory, entry.name), isDirectory: entry.isDirectory() }))
    .filter(entry => isRelativePath(entry.path.slice(1)))
    .toSorted((a, b) => compareBytes(walkPosition(a), walkPosition(b)))
}

/** True where neither the entry nor anything below it comes after `startAfter`. */
function isBefore(entry: WalkEntry, startAfter: string | undefined): boolean {
  const position = walkPosition(entry)
  return startAfter !== undefined && compareBytes(position, startAfter) <= 0 && !startAfter.startsWith(position)
}
