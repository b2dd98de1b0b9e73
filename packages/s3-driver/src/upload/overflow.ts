import { randomUUID } from 'node:crypto'
import { addAbortSignal } from 'node:stream'
import { type CallOptions, isStorageError } from '@longshore/middleware-core'
import type { Bucket, ObjectRef } from '../bucket.ts'
import { deleteObject } from '../objects/delete-object.ts'
import { putObject } from '../objects/put.ts'
import { readObject, readWhole } from '../objects/read.ts'

/** Bytes of an open upload that were stored only to free their memory, as the upload's record names them. */
export interface OverflowObject {
  readonly id: string
  readonly length: number
}

/**
 * The overflow of one upload. Each replaces the one before. The object is the upload's own: its record may be replaced by that
 * of another upload to the same path, but nobody else touches this.
 */
export class Overflow {
  readonly #bucket: Bucket
  readonly #path: string
  readonly #id = randomUUID()
  #latest: OverflowObject | undefined
  /** Also when the answer to it was lost. */
  #isBegun = false
  /** What the upload that this one continues was spilled to. */
  readonly #inherited: OverflowObject | undefined

  constructor(bucket: Bucket, path: string, inherited: OverflowObject | undefined) {
    this.#bucket = bucket
    this.#path = path
    this.#inherited = inherited
  }

  /** The last that was stored. */
  get latest(): OverflowObject | undefined {
    return this.#latest
  }

  async store(bytes: Uint8Array, options: CallOptions): Promise<OverflowObject> {
    this.#isBegun = true
    await putObject(this.#bucket, overflowRef(this.#bucket, this.#path, this.#id), bytes, options)
    this.#latest = { id: this.#id, length: bytes.length }
    return this.#latest
  }

  async open(options: CallOptions): Promise<AsyncIterable<Uint8Array>> {
    const stream = await readObject(this.#bucket, overflowRef(this.#bucket, this.#path, this.#id), {
      offset: 0,
      ...options,
    })
    return options.signal ? addAbortSignal(options.signal, stream) : stream
  }

  async remove(options: CallOptions): Promise<void> {
    for (const id of [this.#inherited?.id, this.#isBegun ? this.#id : undefined]) {
      if (id !== undefined) await deleteOverflow(this.#bucket, this.#path, id, options)
    }
  }
}

/** The bytes of an interrupted upload's spill; none when a sweep was faster. */
export async function readOverflow(
  bucket: Bucket,
  path: string,
  spill: OverflowObject,
  options: CallOptions,
): Promise<Uint8Array> {
  try {
    const { content } = await readWhole(bucket, bucket.keys.spill(path, spill.id), options, path)
    // It may be a later spill, longer than the record knows.
    return content.subarray(0, spill.length)
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return new Uint8Array()
    throw error
  }
}

export function deleteOverflow(bucket: Bucket, path: string, id: string, options: CallOptions): Promise<void> {
  return deleteObject(bucket, overflowRef(bucket, path, id), options)
}

function overflowRef(bucket: Bucket, path: string, id: string): ObjectRef {
  return { key: bucket.keys.spill(path, id), path }
}
