import { once } from 'node:events'
import {
  type FileInfo,
  type FileWriter,
  type StorageDriver,
  isStorageError,
  undefinedIfNotFound,
} from '@longshore/middleware-core'
import { type Digest, hashFor, matches } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { wrongDigest } from '../blob-store.ts'
import { startedAtContent, uploadData, uploadDirectory, uploadStartedAt } from '../layout.ts'
import { remove } from '../links.ts'
import type { Body } from '../receive.ts'
import type { UploadName } from './upload-state.ts'

/** An upload's bytes in the storage: none yet, some to go on from, or all of them, committed but not published. */
export type StoredBytes =
  | { readonly kind: 'none' }
  | { readonly kind: 'open'; readonly writer: FileWriter }
  | { readonly kind: 'committed'; readonly size: number }

/**
 * What uploads are in the storage, where any node finds them: when one began is in `startedat`, and its bytes are in an
 * unfinished writer on `data`.
 */
export class UploadFiles {
  readonly #storage: StorageDriver

  constructor(storage: StorageDriver) {
    this.#storage = storage
  }

  async start({ repository, id }: UploadName, startedAt: Date): Promise<void> {
    await this.#storage.putContent(uploadStartedAt(repository, id), startedAtContent(startedAt))
  }

  /** A writer for the first bytes. If there are some, they are lost. */
  begin({ repository, id }: UploadName): Promise<FileWriter> {
    return this.#storage.writer(uploadData(repository, id))
  }

  /**
   * Asks the storage where an upload stands. A writer's commit then puts the bytes at `destination`, or leaves them with the
   * upload. `BLOB_UPLOAD_UNKNOWN` when there is no such upload.
   */
  async find({ repository, id }: UploadName, destination?: string): Promise<StoredBytes> {
    const data = uploadData(repository, id)
    try {
      return { kind: 'open', writer: await this.#storage.writer(data, { append: true, destination }) }
    } catch (error) {
      if (isStorageError(error, 'ALREADY_COMMITTED')) {
        const { size } = await this.#storage.stat(data, { fileOnly: true })
        return { kind: 'committed', size }
      }
      if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
    }
    const startedAt = this.#storage.stat(uploadStartedAt(repository, id), { fileOnly: true })
    if (await undefinedIfNotFound(startedAt)) return { kind: 'none' }
    throw unknownUpload(id)
  }

  /** Reads committed bytes and gives what was read, if it has the digest: the revision ties what is done next to it. */
  async check({ repository, id }: UploadName, digest: Digest): Promise<FileInfo> {
    const data = uploadData(repository, id)
    const file = await this.#storage.stat(data, { fileOnly: true })
    const hash = hashFor(digest)
    const reader: Body = await this.#storage.reader(data, { ifRevision: file.revision })
    for await (const bytes of reader) hash.update(bytes)
    if (!matches(hash, digest)) throw wrongDigest(digest)
    return file
  }

  /** Moves committed bytes that were checked to where they belong. */
  async move({ path, size, revision }: FileInfo, destination: string): Promise<void> {
    await this.#storage.move(path, destination, { size, ifRevision: revision })
  }

  /** Removes committed bytes. */
  async removeData({ repository, id }: UploadName): Promise<void> {
    await undefinedIfNotFound(this.#storage.delete(uploadData(repository, id), { fileOnly: true }))
  }

  /** Removes what else an upload has once nothing is left of it but `startedat`, in one request. */
  async removeStart({ repository, id }: UploadName): Promise<void> {
    await undefinedIfNotFound(this.#storage.delete(uploadStartedAt(repository, id), { fileOnly: true }))
  }

  /** Removes all files of an upload, those of other servers too: Distribution keeps the states of its hashes there. */
  async removeAll({ repository, id }: UploadName): Promise<void> {
    await remove(this.#storage, uploadDirectory(repository, id))
  }
}

/** Ends a writer that nothing was written to, leaving the upload as it was. */
export async function release(writer: FileWriter): Promise<void> {
  writer.destroy()
  if (!writer.closed) await once(writer, 'close')
}

export function unknownUpload(id: string): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry', { details: [{ id }] })
}
