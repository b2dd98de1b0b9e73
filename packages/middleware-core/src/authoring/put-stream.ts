import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { PutStreamOptions } from '../contract/call-options.ts'
import type { WriteResult } from '../contract/file-info.ts'
import type { FileWriter } from '../contract/file-writer.ts'

/** Makes a stream of what a caller of `putStream` gives. */
export function toReadable(source: Readable | AsyncIterable<Uint8Array>): Readable {
  const stream = source instanceof Readable ? source : Readable.from(source, { objectMode: false })
  // Its failure reaches whoever reads it. Until somebody does, an error that nobody hears would end the process.
  stream.on('error', () => {})
  return stream
}

/** Stores a stream through a writer of its own, which is cancelled when anything fails. */
export async function putByWriter(
  source: Readable,
  options: PutStreamOptions,
  open: () => Promise<FileWriter>,
): Promise<WriteResult> {
  const writer = await open()
  try {
    const reportProgress = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        yield chunk
        options.onProgress?.(writer.size)
      }
    }
    await pipeline(source, reportProgress, writer, {
      end: false,
      ...(options.signal ? { signal: options.signal } : {}),
    })
    const { signal, ifAbsent, ifRevision } = options
    const result = await writer.commit({ signal, ifAbsent, ifRevision })
    options.onProgress?.(writer.size)
    return result
  } catch (error) {
    // The error of the call says more, and a purge removes what a storage that is out of reach keeps.
    await writer.cancel().catch(() => {})
    throw error
  }
}
