import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { Cloud } from './call.ts'
import { Content } from './content.ts'
import { wholeSecond } from './object-headers.ts'
import type { Bucket } from './store.ts'

export interface ObjectInfo {
  key: string
  size: number
  /** Without quotes. */
  etag: string
  modified: Date
  /** What HEAD says of it, lower-case. */
  headers: Readonly<Record<string, string>>
}

export interface UploadInfo {
  uploadId: string
  key: string
  initiated: Date
  parts: { number: number; size: number; etag: string }[]
}

/** What is in a bucket right now, whatever the quirks say, seen without a request; and a way to fill it without one. */
export class BucketView {
  readonly #bucket: Bucket
  readonly #cloud: Cloud

  constructor(bucket: Bucket, cloud: Cloud) {
    this.#bucket = bucket
    this.#cloud = cloud
  }

  get name(): string {
    return this.#bucket.name
  }

  /** In the order of a list. */
  keys(prefix = ''): string[] {
    return this.#bucket.keys().filter(key => key.startsWith(prefix))
  }

  info(key: string): ObjectInfo | undefined {
    const object = this.#bucket.get(key)
    if (!object) return undefined
    const { etag, modified, headers, content } = object
    return { key, size: content.size, etag, modified: new Date(modified), headers }
  }

  /** The whole content, in memory. */
  async read(key: string): Promise<Buffer | undefined> {
    const object = this.#bucket.get(key)
    if (!object) return undefined
    object.content.retain()
    try {
      return await buffer(object.content.read())
    } finally {
      object.content.release()
    }
  }

  async put(key: string, content: Uint8Array | string, headers: Record<string, string> = {}): Promise<void> {
    const bytes = Buffer.from(content)
    const spool = this.#cloud.spools.spool()
    await spool.write(bytes)
    await spool.end()
    this.#bucket.put({
      key,
      content: Content.of(spool),
      etag: createHash('md5').update(bytes).digest('hex'),
      modified: wholeSecond(this.#cloud),
      headers: { 'content-type': 'binary/octet-stream', ...headers },
      checksums: {},
    })
  }

  delete(key: string): void {
    this.#bucket.delete(key)
  }

  /** Multipart uploads that are neither completed nor aborted. */
  uploads(): UploadInfo[] {
    return this.#bucket.sortedUploads().map(upload => ({
      uploadId: upload.id,
      key: upload.key,
      initiated: new Date(upload.initiated),
      parts: [...upload.parts.values()]
        .toSorted((a, b) => a.number - b.number)
        .map(part => ({ number: part.number, size: part.content.size, etag: part.etag })),
    }))
  }

  /** Removes every object and every upload. */
  clear(): void {
    for (const key of this.keys()) this.#bucket.delete(key)
    for (const upload of this.#bucket.uploads.values()) this.#bucket.dropUpload(upload)
  }
}
