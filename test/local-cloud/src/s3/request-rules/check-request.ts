import type { S3Request } from '../request.ts'
import type { OperationName } from '../routes.ts'
import { bodyIs } from './payload-hash.ts'
import type { RuleContext } from './rule.ts'
import { REQUEST_RULES } from './table.ts'
import { onlyHeaders } from './unlisted-headers.ts'

/** Throws the error that AWS answers to a request that its operation does not take. */
export function checkRequest(operation: OperationName, request: S3Request, context: RuleContext): void {
  const { headers, body, rules } = REQUEST_RULES[operation]
  for (const rule of [onlyHeaders(headers), bodyIs(body), ...rules]) rule(request, context)
}
