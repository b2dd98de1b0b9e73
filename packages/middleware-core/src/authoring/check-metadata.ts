import { StorageError } from '../contract/errors.ts'
import type { NewFileMetadata } from '../contract/metadata.ts'

/** Bytes of all custom names and values: 2,048 that S3 takes, less what a driver keeps there of an upload. */
const MAX_CUSTOM_BYTES = 1920

const headers = ['contentType', 'cacheControl', 'contentDisposition', 'contentEncoding', 'contentLanguage'] as const
const printable = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
const customName = /^(?!longshore-)[a-z0-9][a-z0-9-]{0,127}$/
const mediaType = /^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+(?:\s*;.*)?$/

/** Throws `INVALID_ARGUMENT` unless every storage could keep the metadata exactly. */
export function assertMetadata(metadata: NewFileMetadata | undefined): void {
  if (metadata === undefined) return
  for (const header of headers) {
    const value = metadata[header]
    if (value !== undefined && !printable.test(value))
      throw invalid(header, 'printable ASCII without blanks at its ends')
  }
  const { contentType, custom = {} } = metadata
  if (contentType !== undefined && contentType !== 'auto' && !mediaType.test(contentType)) {
    throw invalid('contentType', 'a media type, such as text/plain; charset=utf-8, or auto')
  }
  let bytes = 0
  for (const [name, value] of Object.entries(custom)) {
    if (!customName.test(name)) {
      throw invalid(`custom.${JSON.stringify(name)}`, 'names of a-z 0-9 -, 128 at most, not beginning with longshore-')
    }
    if (typeof value !== 'string' || !printable.test(value)) {
      throw invalid(`custom.${name}`, 'printable ASCII without blanks at its ends')
    }
    bytes += name.length + value.length
  }
  if (bytes > MAX_CUSTOM_BYTES) throw invalid('custom', `${MAX_CUSTOM_BYTES} bytes of names and values together`)
}

/** The value itself may be private: it is not shown. */
function invalid(name: string, accepted: string): StorageError {
  return new StorageError('INVALID_ARGUMENT', `invalid metadata: ${name}; accepted: ${accepted}`)
}
