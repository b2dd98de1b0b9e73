import { Readable, addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { type ReadOptions, revisionMismatch } from '@longshore/middleware-core'
import type { Bucket, ObjectRef } from '../bucket.ts'
import { responseEnd } from './content-range.ts'
import { isSameEtag } from './etag.ts'
import { ObjectStream, type OpenBody, isInvalidRange } from './object-stream.ts'

/** Reads the whole of a small object: one GET. Errors are about `path`. */
export async function readWhole(
  bucket: Bucket,
  key: string,
  options: Omit<ReadOptions, 'offset'>,
  path: string,
): Promise<WholeObject> {
  const { stream, size, modifiedAt, etag } = await openObject(bucket, key, { offset: 0 }, options, path)
  if (options.signal) addAbortSignal(options.signal, stream)
  const collected = (): Promise<Buffer> => (size === undefined ? buffer(stream) : bufferOf(size, stream))
  return { content: await bucket.run(collected, options, path), modifiedAt, etag }
}

/** Collects a stream of `size` bytes. To gather its chunks first would take their memory a second time. */
async function bufferOf(size: number, stream: Readable): Promise<Buffer> {
  const content = Buffer.allocUnsafe(size)
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.copy(content, length)
  }
  return content.subarray(0, length)
}

/** A small object with its content. */
export interface WholeObject {
  readonly content: Buffer
  readonly etag: string | undefined
  /** To the second. */
  readonly modifiedAt: Date | undefined
}

/** Range of an object's bytes: from `offset` on, `length` of them at most. */
interface ByteRange {
  readonly offset: number
  readonly length?: number | undefined
}

/** Streams a range of an object's bytes: one GET, and another after each broken connection. */
export async function readObject(
  bucket: Bucket,
  { key, path }: ObjectRef,
  { offset, length, ...options }: Omit<ReadOptions, 'offset'> & { offset: number },
): Promise<Readable> {
  try {
    // No range of HTTP has no bytes, but whether the object is there, and of which revision, is still to be found out.
    const range = length === 0 ? { offset: 0, length: 1 } : { offset, length }
    const { stream } = await openObject(bucket, key, range, options, path)
    if (length !== 0) return stream
    stream.destroy()
    return Readable.from([])
  } catch (error) {
    // An offset at or after the end: nothing is left to read.
    if (isInvalidRange(error)) return Readable.from([])
    throw error
  }
}

async function openObject(
  bucket: Bucket,
  key: string,
  { offset, length }: ByteRange,
  options: Omit<ReadOptions, 'offset'>,
  path: string,
): Promise<{ stream: Readable; size: number | undefined; modifiedAt: Date | undefined; etag: string | undefined }> {
  let etag = options.ifRevision
  let size: number | undefined
  let modifiedAt: Date | undefined
  const last = length === undefined ? undefined : offset + length - 1
  let isOpened = false
  const open = async (position: number): Promise<OpenBody> => {
    const isRange = position > 0 || last !== undefined
    const command = new GetObjectCommand({
      Bucket: bucket.name,
      Key: key,
      ...(isRange ? { Range: `bytes=${position}-${last ?? ''}` } : {}),
      ...(etag === undefined ? {} : { IfMatch: etag }),
    })
    const answer = await bucket.run(o => bucket.client.send(command, o), options, path)
    const body = answer.Body as Readable
    try {
      // A server that gives no ETag cannot be asked for the rest of the same object.
      if ((isOpened && etag === undefined) || (etag !== undefined && !isSameEtag(answer.ETag, etag))) {
        throw revisionMismatch(path)
      }
      const end = responseEnd(answer, { position, last }, path)
      isOpened = true
      etag = answer.ETag
      size ??= end
      modifiedAt = answer.LastModified
      if (end === undefined || end > position) return { body, end, isReopenable: etag !== undefined }
    } catch (error) {
      body.destroy()
      throw error
    }
    body.destroy()
    return { body: Readable.from([]), end: position, isReopenable: true }
  }
  await bucket.bodies.acquire(options)
  let first: OpenBody
  try {
    first = await open(offset)
  } catch (error) {
    bucket.bodies.release()
    throw error
  }
  const stream = new ObjectStream(first, offset, open, bucket.bodies)
  return { stream, size, modifiedAt, etag }
}
