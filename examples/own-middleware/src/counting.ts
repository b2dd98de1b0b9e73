import { type Readable, Transform } from 'node:stream'
import {
  type FileWriter,
  ForwardingDriver,
  ForwardingWriter,
  type Middleware,
  type ReadOptions,
  type WriteOptions,
  forwardReader,
} from '@longshore/middleware-core'

/** Bytes that went through a storage's streams. */
export interface ByteCounts {
  read: number
  written: number
}

/** Counts the bytes of readers and writers: `compose(storage, counting(counts))`. */
export function counting(counts: ByteCounts): Middleware {
  class CountingWriter extends ForwardingWriter {
    protected override transform(chunk: Uint8Array): Uint8Array {
      counts.written += chunk.length
      return chunk
    }
  }
  return driver =>
    new (class CountingDriver extends ForwardingDriver {
      override async writer(path: string, options?: WriteOptions): Promise<FileWriter> {
        return new CountingWriter(await super.writer(path, options))
      }
      override async reader(path: string, options?: ReadOptions): Promise<Readable> {
        const count = (chunk: Buffer): Buffer => ((counts.read += chunk.length), chunk)
        const counter = new Transform({ transform: (chunk: Buffer, _, callback) => callback(null, count(chunk)) })
        return forwardReader(await super.reader(path, options), counter)
      }
    })(driver)
}
