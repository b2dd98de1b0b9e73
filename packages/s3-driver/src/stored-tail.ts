import { addAbortSignal } from 'node:stream'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { CallOptions } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'
import { readObject } from './read.ts'

/** The bytes behind an upload's parts, in order. */
export type TailBytes = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** Where the bytes behind an upload's parts lie while its memory is given back. */
export interface StoredTail {
  readonly length: number
  open(): Promise<TailBytes>
}

/**
 * Bytes of an open upload that were stored only to free their memory, as its record names them. The object is the upload's
 * own: unlike the record, which an upload to the same path may replace, nobody else touches it.
 */
export interface Spill {
  readonly id: string
  readonly length: number
}

export async function writeSpill(
  bucket: Bucket,
  path: string,
  id: string,
  bytes: Uint8Array,
  options: CallOptions,
): Promise<Spill> {
  const Key = bucket.keys.spill(path, id)
  const command = new PutObjectCommand({ Bucket: bucket.name, Key, Body: bytes, ...bucket.settings })
  await bucket.run(o => bucket.client.send(command, o), options, path)
  return { id, length: bytes.length }
}

export async function openSpill(bucket: Bucket, path: string, id: string, options: CallOptions): Promise<TailBytes> {
  const stream = await readObject(bucket, bucket.keys.spill(path, id), 0, options, path)
  return options.signal ? addAbortSignal(options.signal, stream) : stream
}

export async function deleteSpill(bucket: Bucket, path: string, id: string, options: CallOptions): Promise<void> {
  const command = new DeleteObjectCommand({ Bucket: bucket.name, Key: bucket.keys.spill(path, id) })
  await bucket.run(o => bucket.client.send(command, o), options, path)
}
