import { isConfigError } from '@longshore/middleware-core'
import { errorText } from '../observability/error-text.ts'
import { ListenError } from './listen-error.ts'

/** Error of a worker that could not start. Its message says all that there is to tell. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError'
}

/** Describes why the program could not start: in words what the user can mend, and with its stack anything else, a defect. */
export function startupErrorText(error: unknown): string {
  const isPlain = isConfigError(error) || error instanceof ListenError || error instanceof WorkerStartError
  return isPlain ? error.message : errorText(error)
}
