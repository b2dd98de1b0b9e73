import type { StorageDriver } from '@longshore/middleware-core'

/** The storage said nothing for as long as it was waited for. */
export class NoAnswerError extends Error {
  constructor(milliseconds: number) {
    super(`it does not answer within ${milliseconds / 1000} seconds`)
  }
}

/**
 * Asks a storage whether it is there. Rejects with what it says when it is not, or with a {@link NoAnswerError}.
 *
 * @param patience milliseconds that it may take to answer
 */
export async function pingStorage(storage: StorageDriver, patience: number): Promise<void> {
  const giveUp = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new NoAnswerError(patience))
      giveUp.abort()
    }, patience)
  })
  // A storage need not heed the signal.
  await Promise.race([storage.stat('/', { signal: giveUp.signal }), tooLate]).finally(() => clearTimeout(timer))
}
