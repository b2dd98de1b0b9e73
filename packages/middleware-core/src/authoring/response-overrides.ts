import { create } from 'content-disposition'
import { StorageError } from '../contract/errors.ts'
import type { DownloadOptions } from '../contract/signed-url.ts'

/** Query parameters by which S3 answers a signed GET with other headers than the stored ones. */
export type ResponseOverrides = Readonly<Partial<Record<ResponseParameter, string>>>

type ResponseParameter =
  | 'response-cache-control'
  | 'response-content-disposition'
  | 'response-content-encoding'
  | 'response-content-language'
  | 'response-content-type'

/** Control characters, those of C1 (U+0080 to U+009F) too: a terminal takes U+009B for an escape. */
const forbiddenInName = /[\p{Cc}/\\]/u
const printable = /^[\x20-\x7e]+$/

/**
 * Maps a download's options to the parameters of S3's
 * [GetObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html), in the order of their names. A file name
 * comes in both forms of RFC 6266: the exact one, and one of ASCII for old clients. `INVALID_ARGUMENT` for a name that holds
 * a path or control characters, and for a header that is not printable ASCII.
 */
export function responseOverrides(download: DownloadOptions): ResponseOverrides {
  const { cacheControl, contentEncoding, contentLanguage, contentType } = download
  const overrides: Partial<Record<ResponseParameter, string>> = {}
  const add = (parameter: ResponseParameter, value: string | undefined): void => {
    if (value === undefined) return
    if (!printable.test(value)) throw invalid(parameter.slice('response-'.length), 'printable ASCII')
    overrides[parameter] = value
  }
  add('response-cache-control', cacheControl)
  add('response-content-disposition', contentDisposition(download))
  add('response-content-encoding', contentEncoding)
  add('response-content-language', contentLanguage)
  add('response-content-type', contentType)
  return overrides
}

function contentDisposition({ fileName, disposition }: DownloadOptions): string | undefined {
  if (fileName === undefined) return disposition
  if (fileName === '' || forbiddenInName.test(fileName) || /\p{Surrogate}/u.test(fileName)) {
    throw invalid('fileName', 'a name without control characters and slashes')
  }
  return create(fileName, { type: disposition ?? 'attachment' })
}

function invalid(name: string, accepted: string): StorageError {
  return new StorageError('INVALID_ARGUMENT', `invalid download.${name}; accepted: ${accepted}`)
}
