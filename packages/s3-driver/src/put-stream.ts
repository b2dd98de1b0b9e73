import { Readable } from 'node:stream'
import { Upload } from '@aws-sdk/lib-storage'
import type { CallOptions } from '@longshore/middleware-core'
import type { Bucket } from './bucket.ts'

export interface PutStreamOptions extends CallOptions {
  /** Called as bytes arrive at S3, with how many have so far. */
  onProgress?: ((loaded: number) => void) | undefined
}

/**
 * Stores a stream of unknown length whole, in one go. Nothing is visible before it is complete, nothing is left when it
 * fails, and it cannot be continued: that is what `writer` is for.
 */
export async function putStream(
  bucket: Bucket,
  path: string,
  stream: Readable | AsyncIterable<Uint8Array>,
  settings: { partSize: number; concurrency: number },
  options: PutStreamOptions,
): Promise<void> {
  const Body = stream instanceof Readable ? stream : Readable.from(stream)
  const upload = new Upload({
    client: bucket.client,
    params: { Bucket: bucket.name, Key: bucket.keys.key(path), Body, ...bucket.settings },
    partSize: settings.partSize,
    queueSize: settings.concurrency,
    leavePartsOnError: false,
  })
  upload.on('httpUploadProgress', ({ loaded }) => options.onProgress?.(loaded ?? 0))
  const abort = (): void => void upload.abort()
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    await bucket.run(() => upload.done(), options, path)
  } finally {
    options.signal?.removeEventListener('abort', abort)
    Body.destroy()
  }
}
