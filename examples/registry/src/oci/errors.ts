/** Status of each error code of the OCI distribution specification, and of Distribution's own. */
const statuses = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  PAGINATION_NUMBER_INVALID: 400,
  RANGE_INVALID: 416,
  SIZE_INVALID: 400,
  TAG_INVALID: 400,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNAVAILABLE: 503,
  UNKNOWN: 500,
  UNSUPPORTED: 405,
} as const

export type ErrorCode = keyof typeof statuses

/** Body of an error in the specification's form, one entry for each thing that is wrong. */
export interface ErrorBody {
  errors: { code: ErrorCode; message: string; detail: unknown }[]
}

interface ErrorInit {
  /** Default: the code's own. */
  status?: number
  /** Details for programs, one error in the body for each. Default: one error, without details. */
  details?: readonly unknown[]
  headers?: Record<string, string>
  /** Error behind it, for the log. Clients are not told. */
  cause?: unknown
}

/** Error that a client is told. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly code: ErrorCode
  readonly status: number
  readonly headers: Record<string, string>
  readonly #details: readonly unknown[]

  constructor(code: ErrorCode, message: string, init: ErrorInit = {}) {
    super(message, init.cause === undefined ? {} : { cause: init.cause })
    this.code = code
    this.status = init.status ?? statuses[code]
    this.headers = init.headers ?? {}
    this.#details = init.details ?? [null]
  }

  get body(): ErrorBody {
    return { errors: this.#details.map(detail => ({ code: this.code, message: this.message, detail })) }
  }
}
