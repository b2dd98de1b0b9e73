import { randomUUID } from 'node:crypto'
import { addAbortSignal } from 'node:stream'
import { type CallOptions, undefinedIfNotFound } from '@longshore/middleware-core'
import type { Bucket, ObjectRef } from '../bucket.ts'
import { deleteObject } from '../objects/delete-object.ts'
import { putObject } from '../objects/put.ts'
import { readObject, readWhole } from '../objects/read.ts'
import type { OverflowObject } from './checkpoint.ts'

/**
 * Overflow of one upload: bytes that were stored only to free their memory. Each replaces the one before. The object is the
 * upload's own: its checkpoint may be replaced by that of another upload to the same path, but nobody else touches this.
 */
export class Overflow {
  readonly #bucket: Bucket
  readonly #ref: ObjectRef
  #latest: OverflowObject | undefined
  /** True also when the answer to it was lost. */
  #isBegun = false
  /** Overflow of the upload that this one continues. */
  readonly #inherited: OverflowObject | undefined

  constructor(bucket: Bucket, path: string, inherited: OverflowObject | undefined) {
    this.#bucket = bucket
    this.#ref = { key: bucket.keys.temporary(path, randomUUID()), path }
    this.#inherited = inherited
  }

  /** The last that was stored. */
  get latest(): OverflowObject | undefined {
    return this.#latest
  }

  async store(bytes: Uint8Array, options: CallOptions): Promise<OverflowObject> {
    this.#isBegun = true
    const { revision: etag } = await putObject(this.#bucket, this.#ref, bytes, options)
    this.#latest = { key: this.#ref.key, length: bytes.length, etag }
    return this.#latest
  }

  async open(options: CallOptions): Promise<AsyncIterable<Uint8Array>> {
    const stream = await readObject(this.#bucket, this.#ref, { offset: 0, ...options })
    return options.signal ? addAbortSignal(options.signal, stream) : stream
  }

  async remove(options: CallOptions): Promise<void> {
    for (const key of [this.#inherited?.key, this.#isBegun ? this.#ref.key : undefined]) {
      if (key !== undefined) await deleteObject(this.#bucket, { key, path: this.#ref.path }, options)
    }
  }
}

/** Reads the overflow of an interrupted upload; no bytes where it is gone, or holds what comes later in the upload. */
export async function readOverflow(
  bucket: Bucket,
  path: string,
  overflow: OverflowObject,
  options: CallOptions,
): Promise<Uint8Array> {
  const found = await undefinedIfNotFound(readWhole(bucket, overflow.key, options, path))
  const isIt = overflow.etag === undefined || overflow.etag === found?.etag
  return isIt && found ? found.content.subarray(0, overflow.length) : new Uint8Array()
}
