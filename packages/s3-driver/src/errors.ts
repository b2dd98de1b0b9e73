import { StorageError, type StorageErrorCode, isStorageError } from '@longshore/middleware-core'

const missing = new Set(['NoSuchKey', 'NotFound'])
const denied = new Set([
  'AccessDenied',
  'AccountProblem',
  'AllAccessDisabled',
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
])
const unavailable = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'ConditionalRequestConflict',
  'InternalError',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'ServiceUnavailable',
  'SlowDown',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
])

/** Names by which servers say that there is no room: a full disk, or a quota of the bucket, the user or the account. */
const full = new Set([
  'InsufficientStorage',
  'QuotaExceeded',
  'StorageFull',
  'StorageQuotaExceeded',
  'XMinioAdminBucketQuotaExceeded',
  'XMinioStorageFull',
])
/** The object is in an archive (GLACIER, DEEP_ARCHIVE, or a tier of INTELLIGENT_TIERING). */
const archived = new Set(['InvalidObjectState', 'ObjectNotInActiveTierError'])

/** The server cannot hold an object of this name: it is too long, or has a part that is. */
const invalidNames = new Set(['KeyTooLongError', 'XMinioInvalidObjectName'])

/** Seconds after which a full storage may be tried again: somebody has to make room first. */
const FULL_RETRY_SECONDS = 60

/** The parts of the SDK's errors that tell what happened. */
interface SdkError extends Error {
  Code?: string
  code?: string
  $metadata?: { httpStatusCode?: number; requestId?: string; attempts?: number }
  $response?: { headers?: Record<string, string> }
}

/** Name that S3 gives the error, such as `NoSuchKey` or `SlowDown`, or that of a network failure. */
export function errorName(error: unknown): string {
  const { code, Code, name } = (error ?? {}) as Partial<SdkError>
  return Code ?? (code && unavailable.has(code) ? code : (name ?? ''))
}

/** Attempts that the SDK made of the request: of all but the last the outcome may be unknown. */
export function attemptsOf(error: unknown): number {
  return (error as SdkError | undefined)?.$metadata?.attempts ?? 1
}

/** True where a server answered with the error; false where the request failed on its way. */
export function isAnswered(error: unknown): boolean {
  return (error as SdkError | undefined)?.$metadata?.httpStatusCode !== undefined
}

/** True where the server does not know the operation at all. */
export function isNotImplemented(error: unknown): boolean {
  const status = (error as SdkError).$metadata?.httpStatusCode
  return status === 501 || status === 405 || errorName(error) === 'NotImplemented'
}

/**
 * An error of the SDK in the contract's terms. Throttling, server failures and lost connections are `UNAVAILABLE`, so that
 * a service can answer 503 instead of 500.
 */
export function s3Error(error: unknown, path?: string): StorageError {
  if (isStorageError(error)) return error
  const name = errorName(error)
  const status = (error as SdkError).$metadata?.httpStatusCode
  const code = codeOf(name, status)
  const defaultRetryAfter = isFull(name, status) ? FULL_RETRY_SECONDS : 1
  const retryAfter = code === 'UNAVAILABLE' ? (retryAfterOf(error as SdkError) ?? defaultRetryAfter) : undefined
  const detail = `${sourceOf(name, status)}${explanation(name, status, error as SdkError)}`
  const cause = withoutRequest(error)
  if (code === 'PATH_NOT_FOUND' && path !== undefined) {
    return new StorageError(code, `path not found: ${path}`, { path, cause })
  }
  return new StorageError(code, detail, { path, retryAfter, cause })
}

/** Creates the error for a successful response that lacks what it must have: it is somebody else's, or a proxy changed it. */
export function incompleteResponse(operation: string, missing: string, path?: string): StorageError {
  return new StorageError('UNKNOWN', `the response to ${operation} has no ${missing}: it is not S3's own`, { path })
}

const noBucket = 'the bucket does not exist, and none is ever created'

/** HEAD answers 404 for a missing bucket as for a missing object. */
export function noSuchBucket(cause: unknown): StorageError {
  return new StorageError('UNKNOWN', noBucket, { cause })
}

/** Fields in which an SDK error repeats the request: its headers, with the session token, and what was signed of it. */
const requestFields = new Set([
  '$response',
  'AWSAccessKeyId',
  'CanonicalRequest',
  'CanonicalRequestBytes',
  'SignatureProvided',
  'StringToSign',
  'StringToSignBytes',
  'Token-0',
])

/** The error as it may be logged. A copy, because the SDK's cannot be stripped of the request, which also holds a socket. */
function withoutRequest(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack, code } = error as SdkError
  const fields = Object.entries(error).filter(([field]) => !requestFields.has(field))
  return Object.assign(new Error(message), Object.fromEntries(fields), { name, stack }, code ? { code } : {})
}

function codeOf(name: string, status: number | undefined): StorageErrorCode {
  if (missing.has(name)) return 'PATH_NOT_FOUND'
  if (invalidNames.has(name)) return 'INVALID_PATH'
  if (archived.has(name)) return 'UNSUPPORTED'
  if (isFull(name, status)) return 'UNAVAILABLE'
  if (denied.has(name) || status === 401) return 'ACCESS_DENIED'
  if (unavailable.has(name) || status === 429 || (status !== undefined && status >= 500 && status !== 501))
    return 'UNAVAILABLE'
  if (name === 'NoSuchUpload') return 'UPLOAD_NOT_FOUND'
  if (status === 412) return 'PRECONDITION_FAILED'
  if (name === 'NotImplemented' || status === 501 || status === 405) return 'UNSUPPORTED'
  // HEAD answers have no body to tell more: a bare 403 or 404 is all there is.
  if (status === 403) return 'ACCESS_DENIED'
  return 'UNKNOWN'
}

/** Beginning of a message: who failed. Without a status nothing was answered, so it was not S3 that said no. */
function sourceOf(name: string, status: number | undefined): string {
  // The SDK's own names for an answer without a body, such as one to HEAD.
  const shown = /^(?:Unknown|UnknownError|Error|\d*)$/.test(name) ? undefined : name
  if (status !== undefined) return `S3 answered ${[status, shown].filter(Boolean).join(' ')}`
  if (name === 'CredentialsProviderError') return 'no credentials for S3'
  if (unavailable.has(name)) return `no answer from S3: ${name}`
  return `the request to S3 failed${shown === undefined ? '' : `: ${shown}`}`
}

function isFull(name: string, status: number | undefined): boolean {
  return full.has(name) || status === 507
}

function explanation(name: string, status: number | undefined, error: SdkError): string {
  if (name === 'NoSuchBucket') return `: ${noBucket}`
  const region = error.$response?.headers?.['x-amz-bucket-region']
  // HEAD has no body to say why, and in the wrong region 400 for a signature, 301 or 307 otherwise.
  const isElsewhere =
    name === 'PermanentRedirect' ||
    name === 'AuthorizationHeaderMalformed' ||
    (region !== undefined && (status === 301 || status === 307 || status === 400))
  if (isElsewhere) return `: the bucket is in another region${region ? `, ${region}` : ''}`
  const message = isMessage(error, name) ? `: ${error.message}` : ''
  if (archived.has(name)) return `: the object is archived and has to be restored before it can be read${message}`
  if (isFull(name, status)) return `: the storage is full, or its quota is used up${message}`
  return message
}

function isMessage({ message }: SdkError, name: string): boolean {
  return message !== '' && message !== undefined && message !== name && !/^Unknown(?:Error)?$/.test(message)
}

function retryAfterOf(error: SdkError): number | undefined {
  const seconds = Number(error.$response?.headers?.['retry-after'])
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined
}
