import { type FileInfo, type StorageDriver, undefinedIfNotFound } from '@longshore/middleware-core'
import type { Digest } from '../../oci/digest.ts'
import { wrongDigest } from '../blob-store.ts'
import { startedAtContent, uploadData, uploadDirectory, uploadStartedAt } from '../layout.ts'
import { remove } from '../links.ts'
import { hasDigest } from '../verify-bytes.ts'
import type { UploadName } from './upload-state.ts'

/** Files of uploads in the storage, from `startedat` at the start to the committed bytes at the end. */
export class UploadFiles {
  readonly #storage: StorageDriver

  constructor(storage: StorageDriver) {
    this.#storage = storage
  }

  async start({ repository, id }: UploadName, startedAt: Date): Promise<void> {
    await this.#storage.putContent(uploadStartedAt(repository, id), startedAtContent(startedAt))
  }

  /** Reads committed bytes and checks their digest. The result's revision stands for just these bytes. */
  async verify({ repository, id }: UploadName, digest: Digest): Promise<FileInfo> {
    const data = uploadData(repository, id)
    const file = await this.#storage.stat(data, { fileOnly: true })
    if (!(await hasDigest(this.#storage, file, digest))) throw wrongDigest(digest)
    return file
  }

  /** Moves verified bytes to where they belong. */
  async move({ path, size, revision }: FileInfo, destination: string): Promise<void> {
    await this.#storage.move(path, destination, { size, ifRevision: revision })
  }

  /** Removes committed bytes. */
  async removeData({ repository, id }: UploadName): Promise<void> {
    await undefinedIfNotFound(this.#storage.delete(uploadData(repository, id), { fileOnly: true }))
  }

  /** Removes `startedat` once nothing else is left of an upload, in one request. */
  async removeStart({ repository, id }: UploadName): Promise<void> {
    await undefinedIfNotFound(this.#storage.delete(uploadStartedAt(repository, id), { fileOnly: true }))
  }

  /** Removes all files of an upload, those of other servers too: Distribution keeps the states of its hashes there. */
  async removeAll({ repository, id }: UploadName): Promise<void> {
    await remove(this.#storage, uploadDirectory(repository, id))
  }
}
