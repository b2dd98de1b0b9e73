import { setTimeout as sleep } from 'node:timers/promises'
import { type CallOptions, isStorageError } from '@longshore/middleware-core'
import { errorName } from '../errors.ts'

const MAX_ATTEMPTS = 5
const FIRST_DELAY_MS = 50

/**
 * Repeats a conditional write that met another one under way: S3 answers 409 ConditionalRequestConflict and asks to try
 * again, which then finds the other's outcome.
 */
export async function retryConflicts<T>(write: () => Promise<T>, { signal }: CallOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      const isConflict = isStorageError(error, 'UNAVAILABLE') && errorName(error.cause) === 'ConditionalRequestConflict'
      if (!isConflict || attempt === MAX_ATTEMPTS) throw error
    }
    await sleep(FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.5 + Math.random()), undefined, signal ? { signal } : {})
  }
}
