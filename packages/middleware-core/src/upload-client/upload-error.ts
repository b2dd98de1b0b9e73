/** Failure of an upload that trying again does not mend. */
export class UploadError extends Error {
  override readonly name = 'UploadError'
  /** Code that the service gave, such as `UPLOAD_NOT_FOUND`; `HTTP_403` and the like where it gave none. */
  readonly code: string
  readonly status: number | undefined

  constructor(code: string, message: string, status?: number) {
    super(message)
    this.code = code
    this.status = status
  }
}
