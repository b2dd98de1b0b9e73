import { Readable, addAbortSignal } from 'node:stream'
import { AbortMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3'
import { type PutStreamOptions, lazyImport } from '@longshore/middleware-core'
import type { Bucket } from '../bucket.ts'
import { cleanUp } from './clean-up.ts'

const libStorage = lazyImport(() => import('@aws-sdk/lib-storage'))

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
  // Whoever reads it is told of its failure. Until somebody does, an error that nobody hears would end the process.
  Body.on('error', () => {})
  if (options.signal) addAbortSignal(options.signal, Body)
  const store = async (): Promise<void> => {
    const { Upload } = await libStorage()
    const upload = new Upload({
      client: abortable(bucket.client, options.signal),
      params: { Bucket: bucket.name, Key: bucket.keys.key(path), Body, ...bucket.settings },
      partSize: settings.partSize,
      queueSize: settings.concurrency,
      leavePartsOnError: false,
    })
    upload.on('httpUploadProgress', ({ loaded }) => options.onProgress?.(loaded ?? 0))
    await upload.done()
  }
  try {
    await bucket.run(store, options, path)
  } finally {
    Body.destroy()
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
