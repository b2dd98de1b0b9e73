import { constants } from 'node:fs'
import { type FileHandle, copyFile, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StorageError, pathNotFound } from '../../errors.ts'
import type { Upload } from '../../file-writer.ts'
import { now } from './clock.ts'
import { inDirectory, syncDirectory } from './directories.ts'
import { infoOf } from './entries.ts'
import { orAbsent } from './errors.ts'
import { type Layout, isLeft, isUploadTo, leftName } from './layout.ts'
import { publish } from './publish.ts'

/** Starts a new upload to `path`, next to those that others have there. */
export async function startUpload(layout: Layout, path: string): Promise<Upload> {
  const file = layout.newUpload(path)
  const handle = await inDirectory(dirname(file), () => open(file, 'wx'))
  return new FileUpload(layout, path, file, handle, 0)
}

/** Continues the upload that was left at `path` last, or starts one where an empty file was committed. */
export async function continueUpload(layout: Layout, path: string): Promise<Upload> {
  for (const upload of await latestUploads(layout, path)) {
    const file = layout.newUpload(path)
    // One that has just been closed has its other name now; one that is gone leaves its place to the one before.
    const handle =
      (await orAbsent(claim(layout, upload, file))) ?? (await orAbsent(claim(layout, leftName(upload), file)))
    if (!handle) continue
    const { size } = await handle.stat()
    return new FileUpload(layout, path, file, handle, size)
  }
  const committed = await infoOf(path, layout.file(path))
  if (!committed || committed.isDirectory) throw pathNotFound(path)
  if (committed.size > 0) throw new StorageError('CONFLICT', `cannot append to a committed file: ${path}`, { path })
  return startUpload(layout, path)
}

/**
 * Makes an upload the caller's alone, in `file`. Whoever wrote it before and did not let go of it may still hold it open,
 * with a write under way: then the caller gets a copy, so that what is committed never changes. Where the file system
 * shares the blocks of copies, it costs nothing.
 */
async function claim(layout: Layout, upload: string, file: string): Promise<FileHandle> {
  if (isLeft(upload)) {
    await rename(upload, file)
  } else {
    const copy = layout.temporary()
    await mkdir(layout.temporaries, { recursive: true })
    try {
      await copyFile(upload, copy, constants.COPYFILE_FICLONE)
      await rename(copy, file)
    } finally {
      await rm(copy, { force: true })
    }
    await rm(upload, { force: true })
  }
  return open(file, constants.O_WRONLY | constants.O_APPEND)
}

/** The files of the unfinished uploads to `path`, the last touched first. */
async function latestUploads(layout: Layout, path: string): Promise<string[]> {
  const names = (await orAbsent(readdir(layout.uploads))) ?? []
  const found: { file: string; touchedAt: number }[] = []
  for (const name of names) {
    if (!isUploadTo(path, name)) continue
    const file = join(layout.uploads, name)
    const stats = await orAbsent(lstat(file))
    if (stats) found.push({ file, touchedAt: stats.mtimeMs })
  }
  return found.toSorted((a, b) => b.touchedAt - a.touchedAt).map(({ file }) => file)
}

/**
 * An upload is a file of its own until it is renamed into place, open in one writer only. Bytes go to it at once; nothing
 * is kept in memory.
 */
class FileUpload implements Upload {
  readonly #layout: Layout
  readonly #path: string
  #file: string
  #handle: FileHandle | undefined
  #size: number

  constructor(layout: Layout, path: string, file: string, handle: FileHandle, size: number) {
    this.#layout = layout
    this.#path = path
    this.#file = file
    this.#handle = handle
    this.#size = size
  }

  get size(): number {
    return this.#size
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#openHandle().writeFile(chunk)
    this.#size += chunk.byteLength
  }

  async close(): Promise<void> {
    await this.#settle()
    await this.#leave()
    await this.#assertKept()
    await syncDirectory(dirname(this.#file))
  }

  async commit(): Promise<void> {
    await this.#settle()
    await this.#assertKept()
    await publish(this.#layout, this.#file, this.#path)
  }

  async cancel(): Promise<void> {
    await this.#letGo()
    await rm(this.#file, { force: true })
  }

  async release(): Promise<void> {
    await this.#letGo()
    await this.#leave()
  }

  /** A write under way ends first: closing a handle waits for what it has begun. */
  async #letGo(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    if (!handle) return
    try {
      const leftAt = now()
      await handle.utimes(leftAt, leftAt)
    } finally {
      await handle.close()
    }
  }

  /** Makes the bytes durable, though not yet the upload's name. */
  async #settle(): Promise<void> {
    if (!this.#handle) return
    await this.#handle.datasync()
    await this.#letGo()
  }

  /** Tells by its name that nobody holds the upload. One that is gone stays away. */
  async #leave(): Promise<void> {
    const file = leftName(this.#file)
    if (file !== this.#file) await orAbsent(rename(this.#file, file))
    this.#file = file
  }

  async #assertKept(): Promise<void> {
    if (await orAbsent(lstat(this.#file))) return
    throw new StorageError('CONFLICT', `the upload was discarded or continued by another: ${this.#path}`, {
      path: this.#path,
    })
  }

  #openHandle(): FileHandle {
    if (!this.#handle) throw new StorageError('WRITER_STATE', 'the upload was released')
    return this.#handle
  }
}
