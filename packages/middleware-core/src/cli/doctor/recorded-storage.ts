import type { MoveOptions, PutOptions } from '../../contract/call-options.ts'
import type { WriteResult } from '../../contract/file-info.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import { ForwardingDriver } from '../../middleware/forwarding-driver.ts'

/** Files of checks. */
export interface WrittenFiles {
  /** True once a check has tried to write: one whose answer was lost may be there. */
  isTried: boolean
  /** Paths of those that are there as far as is known. */
  readonly paths: Set<string>
}

/** Storage that remembers which files checks have written, so that they can be removed one by one where no directory can be. */
export class RecordedStorage extends ForwardingDriver {
  readonly #files: WrittenFiles

  constructor(inner: StorageDriver, files: WrittenFiles) {
    super(inner)
    this.#files = files
  }

  override async putContent(path: string, content: Uint8Array | string, options?: PutOptions): Promise<WriteResult> {
    this.#files.isTried = true
    const result = await this.inner.putContent(path, content, options)
    this.#files.paths.add(path)
    return result
  }

  override async move(source: string, destination: string, options?: MoveOptions): Promise<void> {
    await this.inner.move(source, destination, options)
    this.#files.paths.add(destination)
  }
}
