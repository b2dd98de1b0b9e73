import { ConfigError } from '@longshore/middleware-core'
import { ListenError } from './listen.ts'
import { errorText } from '../observability/error-text.ts'

/** A process that this one needs could not start. Its message says all that there is to tell. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError'
}

/** Why the program could not start. What the user can mend is told in words; anything else is a defect: its stack is of use. */
export function startupErrorText(error: unknown): string {
  const isPlain = error instanceof ConfigError || error instanceof ListenError || error instanceof WorkerStartError
  return isPlain ? error.message : errorText(error)
}
