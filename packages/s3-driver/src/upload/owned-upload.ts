import type { CallOptions } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { markOwned, unmarkOwned } from '../multipart/owner-marker.ts'
import type { UploadRecord } from './checkpoint-store.ts'

/** Record of an upload that nobody else goes on with: in the place of a checkpoint a mark that says so. */
export class OwnedUpload implements UploadRecord {
  readonly #bucket: Bucket
  #uploadId: string | undefined

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  async claim(uploadId: string, options: CallOptions): Promise<void> {
    this.#uploadId = uploadId
    await markOwned(this.#bucket, uploadId, options)
  }

  async write(): Promise<void> {}

  async remove(options: CallOptions): Promise<void> {
    if (this.#uploadId !== undefined) await unmarkOwned(this.#bucket, this.#uploadId, options)
  }

  stop(): void {}
}
