import type { Readable } from 'node:stream'
import { type PutStreamOptions, type Resolved, type WriteResult, abortable } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { OwnedUpload } from '../upload/owned-upload.ts'
import { type UploadSettings, newUpload } from '../upload/state.ts'
import { S3Upload } from '../upload/upload.ts'
import { cleanUp } from './clean-up.ts'

/**
 * Stores a stream of unknown length whole, in one go, with memory that counts among that of all uploads. Nothing is visible before
 * it is complete, nothing is left when it fails, and it cannot be continued: that is what `writer` is for.
 */
export async function putStream(
  bucket: Bucket,
  path: string,
  stream: Readable,
  settings: UploadSettings,
  { onProgress, ...options }: Resolved<PutStreamOptions>,
): Promise<WriteResult> {
  // One PUT or a multipart upload: which, only the stream's end tells.
  await bucket.conditions.fieldsFor('put', options, options)
  await bucket.conditions.fieldsFor('complete', options, options)
  const { signal, ifAbsent, ifRevision, metadata } = options
  const paths = { path, destination: path }
  const state = { ...newUpload(bucket, paths, metadata), checkpoint: new OwnedUpload(bucket), onProgress }
  const upload = new S3Upload(bucket, paths, settings, state)
  const write = async (): Promise<void> => {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) await upload.write(chunk)
  }
  try {
    await abortable(write(), signal)
    const result = await upload.commit({ signal, ifAbsent, ifRevision })
    onProgress?.(upload.size)
    return result
  } catch (error) {
    stream.destroy()
    await cleanUp({ signal }, o => abortable(signal?.aborted ? upload.cancel() : upload.discard(), o.signal))
    throw error
  }
}
