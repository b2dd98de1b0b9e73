import { Readable, addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { CallOptions, ReadOptions } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { ObjectStream, isInvalidRange } from './object-stream.ts'

/** The whole of a small object: one GET. `path` is what errors are about. */
export async function readWhole(bucket: Bucket, key: string, options: CallOptions, path: string): Promise<WholeObject> {
  const { stream, size, modifiedAt } = await openObject(bucket, key, 0, options, path)
  if (options.signal) addAbortSignal(options.signal, stream)
  const collected = (): Promise<Buffer> => (size === undefined ? buffer(stream) : bufferOf(size, stream))
  return { content: await bucket.run(collected, options, path), modifiedAt }
}

/** All of a stream of so many bytes. To gather its chunks first would take their memory a second time. */
async function bufferOf(size: number, stream: Readable): Promise<Buffer> {
  const content = Buffer.allocUnsafe(size)
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.copy(content, length)
  }
  return content.subarray(0, length)
}

export interface WholeObject {
  readonly content: Buffer
  /** To the second. */
  readonly modifiedAt: Date | undefined
}

/** A stream of an object's bytes from `offset` on: one GET, and another after each broken connection. */
export async function readObject(
  bucket: Bucket,
  key: string,
  offset: number,
  options: Omit<ReadOptions, 'offset'>,
  path: string,
): Promise<Readable> {
  try {
    const { stream } = await openObject(bucket, key, offset, options, path)
    return stream
  } catch (error) {
    // An offset at or behind the end: nothing is left to read.
    if (isInvalidRange(error)) return Readable.from([])
    throw error
  }
}

async function openObject(
  bucket: Bucket,
  key: string,
  offset: number,
  options: Omit<ReadOptions, 'offset'>,
  path: string,
): Promise<{ stream: Readable; size: number | undefined; modifiedAt: Date | undefined }> {
  let etag = options.ifRevision
  let size: number | undefined
  let modifiedAt: Date | undefined
  const open = async (position: number): Promise<Readable> => {
    const command = new GetObjectCommand({
      Bucket: bucket.name,
      Key: key,
      ...(position > 0 ? { Range: `bytes=${position}-` } : {}),
      ...(etag ? { IfMatch: etag } : {}),
    })
    const { Body, ContentLength, ETag, LastModified } = await bucket.run(
      o => bucket.client.send(command, o),
      options,
      path,
    )
    etag = ETag
    size ??= ContentLength
    modifiedAt = LastModified
    return Body as Readable
  }
  const stream = new ObjectStream(await open(offset), offset, open)
  return { stream, size, modifiedAt }
}
