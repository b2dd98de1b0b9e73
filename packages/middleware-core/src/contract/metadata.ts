/**
 * Headers and custom pairs that are stored with a file and told by `stat`. Values are printable ASCII; encode what is not.
 *
 * @example
 * await storage.putContent('/site/index.html', html, {
 *   metadata: { contentType: 'text/html; charset=utf-8', cacheControl: 'public, max-age=300', custom: { build: '4711' } },
 * })
 */
export interface FileMetadata {
  /** Media type: the `Content-Type` of responses. Default: the driver's own, `application/octet-stream` for S3. */
  readonly contentType?: string | undefined
  readonly cacheControl?: string | undefined
  readonly contentDisposition?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentLanguage?: string | undefined
  /**
   * Pairs of the program's own. Names: 1 to 128 of `a-z 0-9 -`, not beginning with `longshore-`. All names and values
   * together: 2,048 bytes at most, less what the driver keeps there itself (S3's limit on user-defined metadata).
   */
  readonly custom?: Readonly<Record<string, string>> | undefined
}

/** {@link FileMetadata} as a caller gives it. */
export interface NewFileMetadata extends Omit<FileMetadata, 'contentType'> {
  /** A media type, or `auto`: the one that belongs to the extension of the file's name, if any. */
  readonly contentType?: 'auto' | (string & {}) | undefined
}
