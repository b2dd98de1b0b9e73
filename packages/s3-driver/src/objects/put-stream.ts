import type { Readable } from 'node:stream'
import { AbortMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3'
import {
  type PutStreamOptions,
  type Resolved,
  type WriteResult,
  fileExists,
  isStorageError,
  lazyImport,
  revisionMismatch,
} from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { cleanUp } from './clean-up.ts'
import { metadataInput } from './metadata.ts'

const libStorage = lazyImport(() => import('@aws-sdk/lib-storage'))

/**
 * Stores a stream of unknown length whole, in one go. Nothing is visible before it is complete, nothing is left when it
 * fails, and it cannot be continued: that is what `writer` is for.
 */
export async function putStream(
  bucket: Bucket,
  path: string,
  stream: Readable,
  settings: { partSize: number; concurrency: number },
  options: Resolved<PutStreamOptions>,
): Promise<WriteResult> {
  // One PUT or a multipart upload: which, only the stream's end tells.
  const conditions = await bucket.conditions.fieldsFor('put', options, options)
  await bucket.conditions.fieldsFor('complete', options, options)
  const store = async (): Promise<WriteResult> => {
    const { Upload } = await libStorage()
    const upload = new Upload({
      client: abortable(bucket.client, options.signal),
      params: {
        Bucket: bucket.name,
        Key: bucket.keys.key(path),
        Body: stream,
        ...bucket.settings,
        ...metadataInput(options.metadata),
        ...conditions,
      },
      partSize: settings.partSize,
      queueSize: settings.concurrency,
      leavePartsOnError: false,
    })
    upload.on('httpUploadProgress', ({ loaded }) => options.onProgress?.(loaded ?? 0))
    const { ETag } = await upload.done()
    return { revision: ETag }
  }
  try {
    return await bucket.run(store, options, path)
  } catch (error) {
    if (!isStorageError(error, 'PRECONDITION_FAILED')) throw error
    throw options.ifAbsent ? fileExists(path, { cause: error.cause }) : revisionMismatch(path, { cause: error.cause })
  }
}

/**
 * The client with `signal` on its requests. `Upload` has an `abort` of its own, but that leaves requests running: a PUT would
 * still put the object in place, and the parts would be discarded only after the last of them. What discards them must run.
 */
function abortable(client: S3Client, signal: AbortSignal | undefined): S3Client {
  if (!signal) return client
  const send = (command: Parameters<S3Client['send']>[0]): Promise<unknown> =>
    command instanceof AbortMultipartUploadCommand
      ? cleanUp({ signal }, options => client.send(command, options.signal ? { abortSignal: options.signal } : {}))
      : client.send(command, { abortSignal: signal })
  return Object.create(client, { send: { value: send } }) as S3Client
}
