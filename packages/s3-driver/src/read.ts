import { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { type CallOptions, isStorageError } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'
import { errorName } from './errors.ts'
import { ObjectStream } from './object-stream.ts'

/** The whole of a small object: one GET. */
export async function getContent(bucket: Bucket, path: string, options: CallOptions): Promise<Uint8Array> {
  const command = new GetObjectCommand({ Bucket: bucket.name, Key: bucket.keys.key(path) })
  return bucket.run(
    async o => (await (await bucket.client.send(command, o)).Body?.transformToByteArray()) ?? new Uint8Array(),
    options,
    path,
  )
}

/** A stream of an object's bytes from `offset` on: one GET. */
export async function readObject(
  bucket: Bucket,
  path: string,
  offset: number,
  options: CallOptions,
): Promise<Readable> {
  let etag: string | undefined
  const open = async (position: number): Promise<Readable> => {
    const command = new GetObjectCommand({
      Bucket: bucket.name,
      Key: bucket.keys.key(path),
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
    if (isStorageError(error) && errorName(error.cause) === 'InvalidRange') return Readable.from([])
    throw error
  }
}
