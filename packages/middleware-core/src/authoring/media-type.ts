import type { FileMetadata, NewFileMetadata } from '../contract/metadata.ts'
import { lazyImport } from './lazy-import.ts'

const mimeDatabase = lazyImport(() => import('mime'))

/** Replaces the content type `auto` by that of the path's extension, or by none. Other options stay as they are. */
export async function resolveMetadata<Options extends { metadata?: NewFileMetadata | undefined }>(
  path: string,
  options: Options,
): Promise<Omit<Options, 'metadata'> & { metadata?: FileMetadata | undefined }> {
  if (options.metadata?.contentType !== 'auto') return options
  const { default: mime } = await mimeDatabase()
  return { ...options, metadata: { ...options.metadata, contentType: mime.getType(path) ?? undefined } }
}
