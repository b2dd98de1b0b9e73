import { constants } from 'node:fs'
import { type FileHandle, copyFile, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StorageError, pathNotFound } from '../../contract/errors.ts'
import type { Upload } from '../../authoring/upload.ts'
import type { CommitOptions } from '../../contract/call-options.ts'
import type { WriteResult } from '../../contract/file-info.ts'
import { now } from './clock.ts'
import { withDirectory, syncDirectory } from './directories.ts'
import { infoOf } from './entries.ts'
import { undefinedIfAbsent } from './errors.ts'
import {
  type Layout,
  closedName,
  idOf,
  isClosed,
  isOpen,
  isUploadTo,
  releasedName,
  possibleNames,
  reclosedName,
} from './layout.ts'
import { commitFile } from './commit-file.ts'

/** Path at which an upload is left and found, and the one at which its commit puts the file. */
export interface UploadTarget {
  readonly path: string
  readonly destination: string
}

/** Starts a new upload to a path, next to those that others have there. */
export async function startUpload(layout: Layout, target: UploadTarget): Promise<Upload> {
  const file = layout.newUpload(target.path)
  const handle = await withDirectory(dirname(file), () => open(file, 'wx'))
  return new FileUpload(layout, target, { file, handle, size: 0 })
}

/** Continues the upload that was left at the path last, or starts one where an empty file was committed. */
export async function continueUpload(layout: Layout, target: UploadTarget): Promise<Upload> {
  const { path } = target
  const claimed = (await claimLatest(layout, path)) ?? (await claimLatest(layout, path))
  if (claimed) return new FileUpload(layout, target, claimed)
  const committed = await infoOf(path, layout.file(path), { fileOnly: true })
  if (!committed) throw pathNotFound(path)
  if (committed.size > 0)
    throw new StorageError('ALREADY_COMMITTED', `cannot append to a committed file: ${path}`, { path })
  return startUpload(layout, target)
}

/** Claims the upload to `path` that was touched last and is still there. Another writer may take or leave some meanwhile. */
async function claimLatest(layout: Layout, path: string): Promise<ClaimedUpload | undefined> {
  for (const upload of await latestUploads(layout, path)) {
    // One that has just been closed has another name now; one that is gone leaves its place to the one before.
    for (const name of new Set([upload, ...possibleNames(upload)])) {
      const claimed = await undefinedIfAbsent(claim(name, layout.newUpload(path), layout))
      if (claimed) return claimed
    }
  }
  return undefined
}

/** An upload that is its writer's alone. */
interface ClaimedUpload {
  readonly file: string
  readonly handle: FileHandle
  readonly size: number
  /** Name for its file if it is released with nothing added, when it had been closed. */
  readonly closedAs?: string
}

/**
 * Makes an upload the caller's alone, in `file`. A former writer that did not release it may still have it open,
 * with a write under way: then the caller gets a copy, so that what is committed never changes. So it does where a crash
 * came before a commit had taken the upload's name from the file that it had put in place. Where the file system shares
 * the blocks of copies, a copy costs nothing.
 */
async function claim(upload: string, file: string, layout: Layout): Promise<ClaimedUpload> {
  if (isOpen(upload)) await claimCopy(upload, file, layout)
  else {
    await rename(upload, file)
    if ((await lstat(file)).nlink > 1) await claimCopy(file, file, layout)
  }
  const handle = await open(file, constants.O_WRONLY | constants.O_APPEND)
  const { size } = await handle.stat()
  return { file, handle, size, ...(isClosed(upload) ? { closedAs: reclosedName(upload) } : {}) }
}

async function claimCopy(upload: string, file: string, layout: Layout): Promise<void> {
  const copy = layout.temporary()
  await mkdir(layout.temporaries, { recursive: true })
  try {
    await copyFile(upload, copy, constants.COPYFILE_FICLONE)
    await rename(copy, file)
  } finally {
    await rm(copy, { force: true })
  }
  if (upload !== file) await rm(upload, { force: true })
}

/** The files of the unfinished uploads to `path`, the last touched first. */
async function latestUploads(layout: Layout, path: string): Promise<string[]> {
  const names = (await undefinedIfAbsent(readdir(layout.uploads))) ?? []
  const found: { file: string; touchedAt: number }[] = []
  for (const name of names) {
    if (!isUploadTo(path, name)) continue
    const file = join(layout.uploads, name)
    const stats = await undefinedIfAbsent(lstat(file))
    if (stats) found.push({ file, touchedAt: stats.mtimeMs })
  }
  return found.toSorted((a, b) => b.touchedAt - a.touchedAt).map(({ file }) => file)
}

/**
 * An upload is a file of its own until it is renamed into place, open in one writer only. Bytes go to it at once; nothing
 * is kept in memory.
 *
 * Its revision is the id in the name that a close gave it, and its size. A writer that continues it renames it to an id of its
 * own, and gives the old one back only if nothing was added, with a number so that it is a new name all the same. The size is
 * for a crash of the machine that undoes the renaming but not what was added then: a file with one id is only ever added to. An upload that was not closed has no
 * revision, because such a crash may take away bytes that others have seen.
 */
class FileUpload implements Upload {
  readonly #layout: Layout
  readonly #target: UploadTarget
  #file: string
  #handle: FileHandle | undefined
  #size: number
  /** Name under which the upload of a former writer's close is left again, until something is added. */
  #closedAs: string | undefined

  constructor(layout: Layout, target: UploadTarget, { file, handle, size, closedAs }: ClaimedUpload) {
    this.#layout = layout
    this.#target = target
    this.#file = file
    this.#handle = handle
    this.#size = size
    this.#closedAs = closedAs
  }

  get size(): number {
    return this.#size
  }

  get revision(): string | undefined {
    return this.#closedAs && `${idOf(this.#closedAs)}-${this.#size}`
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#closedAs = undefined
    await this.#openHandle().writeFile(chunk)
    this.#size += chunk.byteLength
  }

  async close(): Promise<void> {
    await this.#sync()
    this.#closedAs ??= closedName(this.#file)
    await this.#rename(this.#closedAs)
    await this.#assertPresent()
    await syncDirectory(dirname(this.#file))
  }

  async commit({ ifAbsent }: CommitOptions): Promise<WriteResult> {
    await this.#sync()
    await this.#assertPresent()
    return commitFile(this.#layout, this.#file, this.#target.destination, { ifAbsent })
  }

  async cancel(): Promise<void> {
    await this.#closeHandle()
    await rm(this.#file, { force: true })
  }

  async release(): Promise<void> {
    await this.#closeHandle()
    await this.#rename(this.#closedAs ?? releasedName(this.#file))
  }

  /** A write under way ends first: closing a handle waits for what it has begun. */
  async #closeHandle(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    if (!handle) return
    try {
      const releasedAt = now()
      await handle.utimes(releasedAt, releasedAt)
    } finally {
      await handle.close()
    }
  }

  /** Makes the bytes durable, though not yet the upload's name. */
  async #sync(): Promise<void> {
    if (!this.#handle) return
    await this.#handle.datasync()
    await this.#closeHandle()
  }

  /** Gives the upload a name that tells that no writer has it open. One that is gone stays away. */
  async #rename(file: string): Promise<void> {
    if (!isOpen(this.#file)) return
    await undefinedIfAbsent(rename(this.#file, file))
    this.#file = file
  }

  async #assertPresent(): Promise<void> {
    if (await undefinedIfAbsent(lstat(this.#file))) return
    const { path } = this.#target
    throw new StorageError('UPLOAD_NOT_FOUND', `the upload was discarded or continued by another: ${path}`, { path })
  }

  #openHandle(): FileHandle {
    if (!this.#handle) throw new StorageError('INVALID_STATE', 'the upload was released')
    return this.#handle
  }
}
