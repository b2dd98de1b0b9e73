export { type Cookies, type ExplainOptions, type ExplainedPolicy, type Explanation, explain } from './explain.ts'
export type { Denial, DenialCode, DenialReason } from './denial.ts'
export type { PublicKey } from '../keys/public-key.ts'
