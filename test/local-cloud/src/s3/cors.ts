import type { IncomingMessage } from 'node:http'
import type { Answer } from './call.ts'
import { s3Error } from '../errors.ts'

/** Who may send requests from web pages, as in a bucket's CORS configuration with `AllowedHeaders: *`. */
export interface CorsRules {
  /** Origins such as `https://example.com`, or `*`. */
  readonly origins: readonly string[]
  /** Default: GET, HEAD, PUT and POST. */
  readonly methods?: readonly string[]
}

const DEFAULT_METHODS = ['GET', 'HEAD', 'PUT', 'POST']

export function allowedMethods(rules: CorsRules | undefined): readonly string[] {
  return rules?.methods ?? DEFAULT_METHODS
}

/** True for the question that a browser asks before a request that it does not send by itself. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/** Answers a preflight: 403 where no rule fits ("Using cross-origin resource sharing", S3 User Guide). */
export function answerPreflight({ headers }: IncomingMessage, rules: CorsRules | undefined): Answer {
  const method = headers['access-control-request-method'] ?? ''
  const allowed = corsHeaders(headers.origin, method, rules)
  if (!allowed) {
    throw s3Error('AccessForbidden', 'CORSResponse: This CORS request is not allowed.', { Method: method })
  }
  const asked = headers['access-control-request-headers']
  return {
    status: 200,
    headers: {
      ...allowed,
      'access-control-allow-methods': allowedMethods(rules).join(', '),
      'access-control-allow-headers': asked,
      'access-control-max-age': 3000,
    },
  }
}

/** Headers by which a browser lets its page see an answer, or undefined where no rule fits. */
export function corsHeaders(
  origin: string | undefined,
  method: string,
  rules: CorsRules | undefined,
): Record<string, string> | undefined {
  if (origin === undefined || !rules || !allowedMethods(rules).includes(method)) return undefined
  const isAny = rules.origins.includes('*')
  if (!isAny && !rules.origins.includes(origin)) return undefined
  return {
    'access-control-allow-origin': isAny ? '*' : origin,
    'access-control-expose-headers': 'ETag',
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
}
