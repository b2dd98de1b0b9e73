import { Readable, addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { CallOptions, ReadOptions } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'
import { ObjectStream, isInvalidRange } from './object-stream.ts'

/** The whole of a small object: one GET. `path` is what errors are about. */
export async function readWhole(bucket: Bucket, key: string, options: CallOptions, path: string): Promise<Buffer> {
  const stream = await readObject(bucket, key, 0, options, path)
  if (options.signal) addAbortSignal(options.signal, stream)
  return bucket.run(() => buffer(stream), options, path)
}

/** A stream of an object's bytes from `offset` on: one GET, and another after each broken connection. */
export async function readObject(
  bucket: Bucket,
  key: string,
  offset: number,
  options: Omit<ReadOptions, 'offset'>,
  path: string,
): Promise<Readable> {
  let etag = options.revision
  const open = async (position: number): Promise<Readable> => {
    const command = new GetObjectCommand({
      Bucket: bucket.name,
      Key: key,
      ...(position > 0 ? { Range: `bytes=${position}-` } : {}),
      ...(etag ? { IfMatch: etag } : {}),
    })
    const { Body, ETag } = await bucket.run(o => bucket.client.send(command, o), options, path)
    etag = ETag
    return Body as Readable
  }
  try {
    return new ObjectStream(await open(offset), offset, open)
  } catch (error) {
    // An offset at or behind the end: nothing is left to read.
    if (isInvalidRange(error)) return Readable.from([])
    throw error
  }
}
