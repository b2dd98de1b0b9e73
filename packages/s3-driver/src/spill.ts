import { randomUUID } from 'node:crypto'
import { addAbortSignal } from 'node:stream'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { type CallOptions, isStorageError } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'
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
    const { name, keys, client, settings } = this.#bucket
    const Key = keys.spill(this.#path, this.#id)
    const command = new PutObjectCommand({ Bucket: name, Key, Body: bytes, ...settings })
    this.#isBegun = true
    await this.#bucket.run(o => client.send(command, o), options, this.#path)
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
  const bytes = await readWhole(bucket, bucket.keys.spill(path, spill.id), options, path).catch((error: unknown) => {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return new Uint8Array()
    throw error
  })
  // It may be a later spill, longer than the record knows.
  return bytes.subarray(0, spill.length)
}

export async function deleteSpill(bucket: Bucket, path: string, id: string, options: CallOptions): Promise<void> {
  const command = new DeleteObjectCommand({ Bucket: bucket.name, Key: bucket.keys.spill(path, id) })
  await bucket.run(o => bucket.client.send(command, o), options, path)
}
