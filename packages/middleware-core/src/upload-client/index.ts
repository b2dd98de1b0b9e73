import { FileUpload, type FileUploadOptions, type UploadStore } from './file-upload.ts'
import type { FileSource } from './file-source.ts'
import { sendByXhr } from './send-part.ts'

export { FileUpload, type FileUploadOptions, type UploadStore } from './file-upload.ts'
export type { FileSource } from './file-source.ts'
export type { CommittedUpload } from './protocol.ts'
export { UploadError } from './upload-error.ts'

/**
 * Makes the upload of a file that somebody chose in a browser.
 *
 * @example
 * const upload = uploadFile(input.files[0], { url: '/uploads', onProgress: (sent, total) => bar.value = sent / total })
 * const { path } = await upload.start()
 */
export function uploadFile(file: FileSource, options: FileUploadOptions): FileUpload {
  const { localStorage } = globalThis as { localStorage?: UploadStore }
  return new FileUpload(file, { store: localStorage, ...options }, sendByXhr)
}
