import type { Outcome, Problem } from '@longshore/middleware-core/cli'
import { errorName } from '../../errors.ts'

/** Error of a request in the terms of S3. */
export interface Refusal {
  /** `AccessDenied`; of a request without an answer `ECONNREFUSED`. */
  readonly name: string
  /** Undefined where nothing was answered. */
  readonly status: number | undefined
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
}

interface SdkError extends Error {
  code?: string
  $metadata?: { httpStatusCode?: number }
  $response?: { headers?: Record<string, string> }
}

export function refusalOf(error: unknown): Refusal {
  const { message, code, $metadata, $response } = error as SdkError
  const status = $metadata?.httpStatusCode
  const name = status === undefined ? (code ?? errorName(error)) : errorName(error)
  return { name, status, message, headers: $response?.headers ?? {} }
}

/** `PutObject: 403 AccessDenied: User ... is not authorized to perform ...`. */
export function describeRefusal(operation: string, { name, status, message }: Refusal): string {
  const isTelling = message !== '' && message !== name && !message.startsWith('Unknown')
  const shown = /^(?:Unknown|UnknownError|\d*)$/.test(name) ? undefined : name
  return `${operation}: ${[status, shown].filter(Boolean).join(' ')}${isTelling ? `: ${message}` : ''}`
}

/** True where the credentials lack a permission. */
export function isDenied({ name, status }: Refusal): boolean {
  return (
    status === 403 && !/^(?:InvalidAccessKeyId|SignatureDoesNotMatch|RequestTimeTooSkewed|ExpiredToken)$/.test(name)
  )
}

/** Runs one request; what it is refused with is the finding that `problemFor` names, or else an error. */
export async function orFinding(
  operation: string,
  request: () => Promise<unknown>,
  problemFor: (refusal: Refusal) => Problem | undefined,
): Promise<Outcome> {
  try {
    await request()
    return {}
  } catch (error) {
    const refusal = refusalOf(error)
    const problem = problemFor(refusal)
    if (!problem) throw error
    return { findings: [{ problem, evidence: describeRefusal(operation, refusal) }] }
  }
}
