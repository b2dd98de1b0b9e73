import { FunctionError } from './function-error.ts'
import type { FieldValue } from './function-event.ts'

/** "Disallowed headers" ("Restrictions on all edge functions", CloudFront Developer Guide): functions neither see nor add them. */
const DISALLOWED = new Set(
  `connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection trailer upgrade
  x-accel-buffering x-accel-charset x-accel-limit-rate x-accel-redirect x-amzn-auth x-amzn-cf-billing x-amzn-cf-id
  x-amzn-cf-xff x-amzn-errortype x-amzn-fle-profile x-amzn-header-count x-amzn-header-order
  x-amzn-lambda-integration-tag x-amzn-requestid x-cache x-forwarded-proto x-real-ip`.split(/\s+/),
)

const DISALLOWED_PREFIXES = ['x-amz-cf-', 'x-edge-']

/** "Read-only headers in viewer request events" and "... in viewer response events", on the same page. */
const READ_ONLY = {
  'viewer-request': ['content-length', 'host', 'transfer-encoding', 'via'],
  'viewer-response': ['warning', 'via'],
} as const

export function isDisallowed(name: string): boolean {
  return DISALLOWED.has(name) || DISALLOWED_PREFIXES.some(prefix => name.startsWith(prefix))
}

/** Throws where a function returns headers that it may not. */
export function checkHeaders(
  eventType: keyof typeof READ_ONLY,
  before: Record<string, FieldValue>,
  after: Record<string, FieldValue>,
): void {
  for (const [name, field] of Object.entries(after)) {
    if (isDisallowed(name)) throw new FunctionError('validation', `the function added the disallowed header ${name}`)
    if (name !== name.toLowerCase())
      throw new FunctionError('validation', `the header's name ${name} is not lower-case`)
    if (typeof field?.value !== 'string' && !Array.isArray(field?.multiValue)) {
      throw new FunctionError('validation', `the header ${name} has no text as its value`)
    }
  }
  for (const name of READ_ONLY[eventType]) {
    if (after[name]?.value !== before[name]?.value) {
      throw new FunctionError('validation', `the function added, changed or deleted the read-only header ${name}`)
    }
  }
}
