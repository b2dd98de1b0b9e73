import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { FileMetadata } from '@longshore/middleware-core'

/** Name in an object's user metadata of the token that tells which upload it came from. Callers never see it. */
export const TOKEN_NAME = 'longshore-upload'

/** Fields of a request that creates an object. */
export interface MetadataInput {
  ContentType?: string
  CacheControl?: string
  ContentDisposition?: string
  ContentEncoding?: string
  ContentLanguage?: string
  Metadata?: Record<string, string>
}

/** Fields of a request for a file's metadata, and for the token of the upload that it comes from. */
export function metadataInput(metadata: FileMetadata | undefined, token?: string): MetadataInput {
  const { contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage, custom } = metadata ?? {}
  const pairs = { ...custom, ...(token === undefined ? {} : { [TOKEN_NAME]: token }) }
  return {
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
    ...(contentDisposition === undefined ? {} : { ContentDisposition: contentDisposition }),
    ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
    ...(contentLanguage === undefined ? {} : { ContentLanguage: contentLanguage }),
    ...(Object.keys(pairs).length === 0 ? {} : { Metadata: pairs }),
  }
}

/** Reads a file's metadata from what S3 tells of the object. */
export function metadataOf(head: HeadObjectCommandOutput): FileMetadata {
  const { [TOKEN_NAME]: _, ...custom } = head.Metadata ?? {}
  const { ContentType, CacheControl, ContentDisposition, ContentEncoding, ContentLanguage } = head
  return {
    ...(ContentType ? { contentType: ContentType } : {}),
    ...(CacheControl ? { cacheControl: CacheControl } : {}),
    ...(ContentDisposition ? { contentDisposition: ContentDisposition } : {}),
    ...(ContentEncoding ? { contentEncoding: ContentEncoding } : {}),
    ...(ContentLanguage ? { contentLanguage: ContentLanguage } : {}),
    ...(Object.keys(custom).length === 0 ? {} : { custom }),
  }
}
