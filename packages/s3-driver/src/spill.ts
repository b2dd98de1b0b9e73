import { randomUUID } from 'node:crypto'
import { addAbortSignal } from 'node:stream'
import { type CallOptions, isStorageError } from '@longshore/middleware-core'
import { type Bucket, type Place, deleteObject, putObject } from './bucket.ts'
import { readObject, readWhole } from './read.ts'

/** Bytes of an open upload that were stored only to free their memory, as the upload's record names them. */
export interface Spill {
  readonly id: string
  readonly length: number
}

/**
 * The spills of one upload. Each replaces the one before. The object is the upload's own: its record may be replaced by that
 * of another upload to the same path, but nobody else touches this.
 */
export class Spills {
  readonly #bucket: Bucket
  readonly #path: string
  readonly #id = randomUUID()
  #latest: Spill | undefined
  /** Also when the answer to it was lost. */
  #isBegun = false
  /** What the upload that this one continues was spilled to. */
  readonly #inherited: Spill | undefined

  constructor(bucket: Bucket, path: string, inherited: Spill | undefined) {
    this.#bucket = bucket
    this.#path = path
    this.#inherited = inherited
  }

  /** The last that was stored. */
  get latest(): Spill | undefined {
    return this.#latest
  }

  async store(bytes: Uint8Array, options: CallOptions): Promise<Spill> {
    this.#isBegun = true
    await putObject(this.#bucket, spillPlace(this.#bucket, this.#path, this.#id), bytes, options)
    this.#latest = { id: this.#id, length: bytes.length }
    return this.#latest
  }

  async open(options: CallOptions): Promise<AsyncIterable<Uint8Array>> {
    const stream = await readObject(this.#bucket, this.#bucket.keys.spill(this.#path, this.#id), 0, options, this.#path)
    return options.signal ? addAbortSignal(options.signal, stream) : stream
  }

  async remove(options: CallOptions): Promise<void> {
    for (const id of [this.#inherited?.id, this.#isBegun ? this.#id : undefined]) {
      if (id !== undefined) await deleteSpill(this.#bucket, this.#path, id, options)
    }
  }
}

/** The bytes of an interrupted upload's spill; none when a sweep was faster. */
export async function readSpill(bucket: Bucket, path: string, spill: Spill, options: CallOptions): Promise<Uint8Array> {
  try {
    const { content } = await readWhole(bucket, bucket.keys.spill(path, spill.id), options, path)
    // It may be a later spill, longer than the record knows.
    return content.subarray(0, spill.length)
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return new Uint8Array()
    throw error
  }
}

export function deleteSpill(bucket: Bucket, path: string, id: string, options: CallOptions): Promise<void> {
  return deleteObject(bucket, spillPlace(bucket, path, id), options)
}

function spillPlace(bucket: Bucket, path: string, id: string): Place {
  return { key: bucket.keys.spill(path, id), path }
}
