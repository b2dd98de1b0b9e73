import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { FileSource } from './file-source.ts'
import { FileUpload, type FileUploadOptions } from './file-upload.ts'
import type { CommittedUpload } from './protocol.ts'
import { sendByFetch } from './send-part.ts'

export { FileUpload, type FileUploadOptions, type UploadStore } from './file-upload.ts'
export type { CommittedUpload } from './protocol.ts'
export { UploadError } from './upload-error.ts'

/** Options of {@link uploadPath}. */
export interface PathUploadOptions extends FileUploadOptions {
  /** Media type to tell the service. Default: none. */
  type?: string | undefined
}

/**
 * Uploads a file of this machine's file system.
 *
 * @example
 * const { path } = await uploadPath('model.onnx', { url: 'https://registry.example.com/uploads' })
 */
export async function uploadPath(path: string, { type = '', ...options }: PathUploadOptions): Promise<CommittedUpload> {
  const { size, mtimeMs } = await stat(path)
  await using handle = await openFile(path)
  const source: FileSource = {
    name: basename(path),
    size,
    type,
    lastModified: Math.floor(mtimeMs),
    slice: (start, end) => ({ arrayBuffer: () => readRange(handle.file, start, end) }),
  }
  return await new FileUpload(source, options, sendByFetch).start()
}

async function openFile(path: string): Promise<AsyncDisposable & { file: FileHandle }> {
  const file = await open(path)
  return { file, [Symbol.asyncDispose]: () => file.close() }
}

async function readRange(file: FileHandle, start: number, end: number): Promise<ArrayBuffer> {
  const bytes = new ArrayBuffer(end - start)
  const view = new Uint8Array(bytes)
  for (let filled = 0; filled < view.length;) {
    const { bytesRead } = await file.read(view, filled, view.length - filled, start + filled)
    if (bytesRead === 0) throw new Error('the file became shorter while it was uploaded')
    filled += bytesRead
  }
  return bytes
}
