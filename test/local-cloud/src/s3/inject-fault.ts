import type { Answer } from './call.ts'
import { S3Error } from '../errors.ts'
import type { Fault } from './faults.ts'
import { errorDocument } from './xml.ts'

/** The answer to a request that meets a fault; `cut` is none at all, with the connection reset. */
export async function injectFault(
  fault: Fault | undefined,
  run: () => Promise<Answer>,
  pause: (milliseconds: number, when: 'before' | 'after') => Promise<void>,
): Promise<Answer | 'cut'> {
  if (fault === undefined || fault.kind === 'cut') return await run()
  if (fault.kind === 'delay') {
    const { milliseconds, when = 'before' } = fault
    if (when === 'before') await pause(milliseconds, when)
    const answer = await run()
    if (when === 'after') await pause(milliseconds, when)
    return answer
  }
  if (fault.when === 'after') {
    const { body } = await run()
    // Nobody gets this answer.
    if (typeof body === 'object') body.content.release()
  }
  if (fault.kind === 'reset') return 'cut'
  if (fault.kind === 'error') {
    const { status = 503, code = 'SlowDown', message = 'Please reduce your request rate.' } = fault
    throw new S3Error(code, message, status)
  }
  const { code = 'InternalError', message = 'We encountered an internal error. Please try again.' } = fault
  // While it works AWS sends white space after the declaration, which keeps the connection alive.
  const body = errorDocument(code, message, {}).replace('?>', '?>\n   ')
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}
