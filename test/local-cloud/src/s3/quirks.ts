/** Ways in which S3 servers differ from AWS. Each may be changed at any time; the default is AWS. */
export interface Quirks {
  /** R2: all parts but the last have one size and the last is no larger, or the completion is refused. */
  equalParts: boolean
  /** GCS: DeleteObjects is 501 NotImplemented. */
  noDeleteObjects: boolean
  /** ListMultipartUploads is 501 NotImplemented. */
  noListMultipartUploads: boolean
  /** MinIO: ListMultipartUploads finds only the uploads whose key is exactly the prefix. */
  uploadsByExactKey: boolean
  /** MinIO: completing an upload again is NoSuchUpload, even with the same parts. */
  forgetsCompletedUploads: boolean
  /** Versity's gateway: ListParts calls the checksum `null` where the upload names none. */
  listsNullChecksum: boolean
  /** Every list says IsTruncated, and at its end gives the marker that it was given. */
  alwaysTruncated: boolean
  /** ListObjectsV2 and ListParts begin with a page that is empty and truncated, as S3 may answer where it has skipped many keys. */
  emptyFirstPage: boolean
  /** Object lists show the bucket as it was some changes or some time ago. */
  staleLists: { writes?: number; milliseconds?: number } | undefined
  /** Bytes. A lower one lets tests have 10,000 parts cheaply. */
  minPartBytes: number
}

export function awsQuirks(): Quirks {
  return {
    equalParts: false,
    noDeleteObjects: false,
    noListMultipartUploads: false,
    uploadsByExactKey: false,
    forgetsCompletedUploads: false,
    listsNullChecksum: false,
    alwaysTruncated: false,
    emptyFirstPage: false,
    staleLists: undefined,
    minPartBytes: 5 * 1024 * 1024,
  }
}
