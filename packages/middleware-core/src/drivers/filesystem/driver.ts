import { type Dirent, constants } from 'node:fs'
import { type FileHandle, lstat, open, rm, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import * as z from 'zod/mini'
import * as option from '../../options/option.ts'
import { defineDriver } from '../../authoring/define-driver.ts'
import type { DriverImplementation } from '../../authoring/driver-implementation.ts'
import type {
  CallOptions,
  DeleteOptions,
  FileInfo,
  MoveOptions,
  ReadOptions,
  StatOptions,
  PurgeResult,
  WalkOptions,
  WriteOptions,
} from '../../contract/storage-driver.ts'
import { StorageError, revisionMismatch, pathNotFound } from '../../contract/errors.ts'
import type { Upload } from '../../authoring/upload-writer.ts'
import { childPath, root, walkPosition } from '../../contract/paths.ts'
import { walkEntry } from '../../authoring/walk-by-listing.ts'
import { discard, inDirectory, prune } from './directories.ts'
import { entriesOf, holdsFile, infoOf } from './entries.ts'
import { mapError, orAbsent } from './errors.ts'
import { Layout } from './layout.ts'
import { moveFile } from './move.ts'
import { publish } from './publish.ts'
import { revisionOf } from './revision.ts'
import { purgeUploads } from './purge.ts'
import { continueUpload, startUpload } from './upload.ts'

/** A link is not followed, and a pipe does not make the opening wait. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Bytes read at a time by a stream. */
const READ_SIZE = 256 * 1024

/**
 * Keeps files in a directory of the local file system, in the layout of Distribution's `filesystem` driver: a file at
 * `/a/b` is the file `<rootDirectory>/a/b`. The root directory need not exist; the first write makes it.
 *
 * - **What is shown**: files with legal names and the directories that hold some. Anything else that lies there is left
 *   alone until a directory around it is deleted. Symbolic links are neither shown nor read, but a path may lead through
 *   one to a directory.
 * - **One file system**: everything below the root directory must be on the same, because contents are renamed into
 *   place. It must tell upper case from lower case.
 * - **Uploads** lie in `<rootDirectory>/~uploads` until they are committed, each in a file of its own. `append` continues
 *   the one last touched. Where its writer did not let go of it, because it crashed or is still writing, that costs a
 *   copy, and the former writer's close or commit is `UPLOAD_NOT_FOUND`. An upload that Distribution left unfinished cannot be
 *   continued: it lies in its final place and looks like a committed file.
 * - **Revisions** are a file's inode, time and size. They hold against others who use this driver, and those who change a
 *   file in place are noticed by its time. That of an upload is a random text and its size; one that was interrupted has
 *   none.
 * - **Durability**: contents and their names are on the disk when `putContent`, `move`, a commit or a close resolves.
 * - **Errors**: a full disk and too many open files are `UNAVAILABLE`, missing permissions `ACCESS_DENIED`, a file where
 *   a directory is needed `NOT_A_DIRECTORY`, and a name longer than the file system takes `UNSUPPORTED`.
 */
export const filesystem = defineDriver({
  name: 'filesystem',
  options: z.object({
    /** The directory that holds everything; a relative one is taken from the working directory. */
    rootDirectory: z._default(option.text(), '/var/lib/registry'),
    /**
     * Accepted for the sake of Distribution's configuration, without effect: Node runs file operations on a pool of
     * threads of its own, whose size is the environment variable `UV_THREADPOOL_SIZE`.
     */
    maxThreads: z.optional(option.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  }),
  create: ({ rootDirectory }) => new FilesystemDriver(new Layout(resolve(rootDirectory))),
})

class FilesystemDriver implements DriverImplementation {
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

  async putContent(path: string, content: Uint8Array, { signal }: CallOptions): Promise<void> {
    const temporary = this.#layout.temporary()
    try {
      await writeDurably(temporary, content, signal)
      await publish(this.#layout, temporary, path)
    } catch (error) {
      await orAbsent(rm(temporary, { force: true }))
      throw error
    }
  }

  async reader(path: string, offset: number, { revision }: Omit<ReadOptions, 'offset'>): Promise<Readable> {
    const handle = await this.#open(path, revision)
    return handle.createReadStream({ start: offset, highWaterMark: READ_SIZE })
  }

  writer(path: string, append: boolean, { destination = path }: Omit<WriteOptions, 'append'>): Promise<Upload> {
    const begin = append ? continueUpload : startUpload
    return begin(this.#layout, { path, destination })
  }

  async stat(path: string, options: StatOptions): Promise<FileInfo | undefined> {
    if (path !== root) return infoOf(path, this.#layout.file(path), options)
    await this.#checkHealth()
    return undefined
  }

  async list(path: string): Promise<string[] | undefined> {
    const children: string[] = []
    for (const entry of (await entriesOf(this.#layout.file(path))) ?? []) {
      const child = childPath(path, entry.name)
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
      const info = await this.stat(child.path, {})
      if (info) yield* walkEntry(info, options, () => this.walk(child.path, options))
    }
  }

  move(source: string, destination: string, { revision }: MoveOptions): Promise<void> {
    return moveFile(this.#layout, source, destination, revision)
  }

  async delete(path: string, { fileOnly = false }: DeleteOptions): Promise<void> {
    const file = this.#layout.file(path)
    const info = await infoOf(path, file, { fileOnly })
    if (!info && fileOnly) return
    if (!info) throw pathNotFound(path)
    const removal = info.isDirectory ? discard(file, this.#layout.temporary()) : unlink(file)
    await (fileOnly ? orAbsent(removal) : removal)
    await prune(dirname(file), this.#layout.root)
  }

  async purgeUploads(olderThan: Date, path: string): Promise<PurgeResult> {
    return { uploads: await purgeUploads(this.#layout, path, olderThan) }
  }

  mapError(error: unknown): StorageError {
    return mapError(error)
  }

  /** An absent root directory is an empty storage; anything but a directory that can be read is an error. */
  async #checkHealth(): Promise<void> {
    const directory = this.#layout.root
    if ((await entriesOf(directory)) || !(await orAbsent(lstat(directory)))) return
    throw new StorageError('UNKNOWN', 'the root directory is not a directory')
  }

  async #open(path: string, revision?: string): Promise<FileHandle> {
    const handle = await orAbsent(open(this.#layout.file(path), READ))
    if (!handle) throw pathNotFound(path)
    try {
      const stats = await handle.stat({ bigint: true })
      if (!stats.isFile()) throw pathNotFound(path)
      if (revision !== undefined && revision !== revisionOf(stats)) throw revisionMismatch(path)
      return handle
    } catch (error) {
      await handle.close()
      throw error
    }
  }
}

async function writeDurably(file: string, content: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  const handle = await inDirectory(dirname(file), () => open(file, 'wx'))
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
    .toSorted((a, b) => (walkPosition(a) < walkPosition(b) ? -1 : 1))
}

/** Whether neither the entry nor anything below it comes after `startAfter`. */
function isBefore(entry: WalkEntry, startAfter: string | undefined): boolean {
  const position = walkPosition(entry)
  return startAfter !== undefined && position <= startAfter && !startAfter.startsWith(position)
}
