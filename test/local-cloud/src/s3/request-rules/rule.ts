import type { Authentication } from '../../signature/authentication.ts'
import type { BucketSettings } from '../bucket-settings.ts'
import type { S3Request } from '../request.ts'

/** Facts that a rule may know beside the request. */
export interface RuleContext {
  authentication: Authentication
  settings: BucketSettings
}

/** Throws the `S3Error` that AWS answers where the request breaks the rule. Its signature holds, its body is not asked for. */
export type Rule = (request: S3Request, context: RuleContext) => void

export function textHeader(request: S3Request, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
