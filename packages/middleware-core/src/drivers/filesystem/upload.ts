import { constants } from 'node:fs'
import { type FileHandle, lstat, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StorageError, pathNotFound } from '../../errors.ts'
import type { Upload } from '../../file-writer.ts'
import { inDirectory, syncDirectory } from './directories.ts'
import { infoOf } from './entries.ts'
import { orAbsent } from './errors.ts'
import type { Layout } from './layout.ts'
import { publish } from './publish.ts'

/** Starts a new upload to `path`. */
export async function startUpload(layout: Layout, path: string): Promise<Upload> {
  const file = layout.upload(path)
  const handle = await inDirectory(dirname(file), () => open(file, 'w'))
  return new FileUpload(layout, path, handle, 0)
}

/** Continues the upload that was left at `path`, or starts one where an empty file was committed. */
export async function continueUpload(layout: Layout, path: string): Promise<Upload> {
  const handle = await orAbsent(open(layout.upload(path), constants.O_WRONLY | constants.O_APPEND))
  if (handle) {
    const { size } = await handle.stat()
    return new FileUpload(layout, path, handle, size)
  }
  const committed = await infoOf(path, layout.file(path))
  if (!committed || committed.isDirectory) throw pathNotFound(path)
  if (committed.size > 0) throw new StorageError('CONFLICT', `cannot append to a committed file: ${path}`, { path })
  return startUpload(layout, path)
}

/** An upload is a file of its own until it is renamed into place. Bytes go to it at once; nothing is kept in memory. */
class FileUpload implements Upload {
  readonly #layout: Layout
  readonly #path: string
  readonly #file: string
  #handle: FileHandle | undefined
  #size: number

  constructor(layout: Layout, path: string, handle: FileHandle, size: number) {
    this.#layout = layout
    this.#path = path
    this.#file = layout.upload(path)
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
    await this.#assertKept()
    await syncDirectory(dirname(this.#file))
  }

  async commit(): Promise<void> {
    await this.#settle()
    await this.#assertKept()
    await publish(this.#layout, this.#file, this.#path)
  }

  async cancel(): Promise<void> {
    await this.release()
    await rm(this.#file, { force: true })
  }

  /** A write under way ends first: closing a handle waits for what it has begun. */
  async release(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    if (handle) await handle.close()
  }

  /** Makes the bytes durable, though not yet the upload's name. */
  async #settle(): Promise<void> {
    if (!this.#handle) return
    await this.#handle.datasync()
    await this.release()
  }

  async #assertKept(): Promise<void> {
    if (await orAbsent(lstat(this.#file))) return
    throw new StorageError('CONFLICT', `the upload was discarded: ${this.#path}`, { path: this.#path })
  }

  #openHandle(): FileHandle {
    if (!this.#handle) throw new StorageError('WRITER_STATE', 'the upload was released')
    return this.#handle
  }
}
