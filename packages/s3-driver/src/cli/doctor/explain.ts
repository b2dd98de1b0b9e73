import { isStorageError } from '@longshore/middleware-core'
import { type Finding, type Problem, messageOf } from '@longshore/middleware-core/cli'
import { errorName } from '../../errors.ts'
import { problems } from './problems.ts'

const byName: Readonly<Record<string, Problem>> = {
  AccessControlListNotSupported: problems.aclRefused,
  AccountProblem: problems.accountClosed,
  AllAccessDisabled: problems.accountClosed,
  CredentialsProviderError: problems.noCredentials,
  ExpiredToken: problems.credentialsExpired,
  InvalidAccessKeyId: problems.accessKeyUnknown,
  InvalidToken: problems.tokenInvalid,
  NoSuchBucket: problems.bucketMissing,
  RequestTimeTooSkewed: problems.clock,
  SignatureDoesNotMatch: problems.secretWrong,
  TokenRefreshRequired: problems.credentialsExpired,
}

const elsewhere = new Set([
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'PermanentRedirect',
  'TemporaryRedirect',
])

/** Question that a request asked, for its refusal to be explained. */
export interface Asked {
  /** Operation of S3: `PutObject`. */
  readonly operation: string
  /** Problem that a refusal for want of permission is. */
  readonly denied: Problem
  /** Problem that any other refusal is, for which the server names a reason. */
  readonly refused?: Problem | undefined
}

/** Explains the refusal of a request; undefined where it is none that is known. */
export function explain(error: unknown, { operation, denied, refused }: Asked): Finding | undefined {
  const cause: unknown = isStorageError(error) && error.cause !== undefined ? error.cause : error
  const name = errorName(cause)
  const status = (Object(cause) as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
  const message = messageOf(cause)
  const evidence = `${operation}: ${describe(status, name, message)}`
  if (elsewhere.has(name) || status === 301 || status === 307) return wrongRegion(error, cause, evidence)
  if (name.startsWith('KMS.') || name.startsWith('KMS')) return { problem: problems.kmsKey, evidence }
  const problem = Object.hasOwn(byName, name) ? byName[name] : undefined
  if (problem) return { problem, evidence }
  if (name === 'AccessDenied' || status === 403 || isStorageError(error, 'ACCESS_DENIED')) {
    return denial(denied, message, evidence)
  }
  if (status === 503 || status === 500 || name === 'SlowDown') return { problem: problems.busy, evidence }
  if (status === undefined && isStorageError(error, 'UNAVAILABLE')) return { problem: problems.unreachable, evidence }
  return refused && status !== undefined && status < 500 ? { problem: refused, evidence } : undefined
}

function describe(status: number | undefined, name: string, message: string): string {
  const code = [status, name].filter(Boolean).join(' ')
  return message === '' || message === name || /^Unknown(?:Error)?$/.test(message) ? code : `${code}: ${message}`
}

function wrongRegion(error: unknown, cause: unknown, evidence: string): Finding {
  const { Region, message = '' } = Object(cause) as { Region?: unknown; message?: string }
  const told = isStorageError(error) ? /another region, (\S+)$/.exec(error.detail)?.[1] : undefined
  const region = typeof Region === 'string' ? Region : (told ?? /expecting '([^']+)'/.exec(message)?.[1])
  const remedy =
    region === undefined ? undefined : `Set region: ${region}. A regionendpoint of Amazon's has to name it, too.`
  return { problem: problems.regionWrong, evidence, remedy }
}

/** S3 says which action it was, and since 2021 by which kind of policy. */
function denial(denied: Problem, message: string, evidence: string): Finding {
  if (/\bkms:/.test(message)) return { problem: problems.kmsDenied, evidence }
  if (/s3:PutObjectAcl/.test(message)) return { problem: problems.aclDenied, evidence }
  const kind = /explicit deny in an? ([\w -]+? policy)\b/.exec(message)?.[1]
  if (kind === undefined) return { problem: denied, evidence }
  return { problem: denied, evidence, remedy: `Take the Deny for it out of the ${kind}: it wins over every Allow.` }
}
