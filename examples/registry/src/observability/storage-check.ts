import type { StorageDriver } from '@longshore/middleware-core'
import { messageOf } from './error-text.ts'
import { withoutSecrets } from './without-secrets.ts'

/** Time for which a start waits at most for the storage's answer. */
const START_TIMEOUT_MS = 3000

/** Error of a storage that did not answer in time. */
export class NoAnswerError extends Error {
  constructor(timeoutMs: number) {
    super(`it does not answer within ${timeoutMs / 1000} seconds`)
  }
}

/** Asks a storage whether it is there. Rejects with its error, or with a {@link NoAnswerError} after `timeoutMs`. */
export async function pingStorage(storage: StorageDriver, timeoutMs: number): Promise<void> {
  const abort = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new NoAnswerError(timeoutMs))
      abort.abort()
    }, timeoutMs)
  })
  // A storage may ignore the signal.
  await Promise.race([storage.stat('/', { signal: abort.signal }), tooLate]).finally(() => clearTimeout(timer))
}

/**
 * Looks for what keeps a registry from using its storage, for whoever starts it: missing credentials, or a bucket that is not
 * there. Undefined when nothing does. It may be mended while the registry runs, so it is no reason not to start.
 */
export async function findStorageProblem(storage: StorageDriver): Promise<string | undefined> {
  try {
    await pingStorage(storage, START_TIMEOUT_MS)
    return undefined
  } catch (error) {
    return `the storage cannot be used, and requests that need it fail until it can: ${withoutSecrets(messageOf(error))}`
  }
}
