import { setMaxListeners } from 'node:events'

/**
 * Runs `listener` when the signal fires, or at once when it has. Gives a function that stops listening. Any number of calls may
 * listen to one signal: Node takes more than ten listeners for a leak, and {@link allowListeners} says that they are none.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return () => {}
  if (signal.aborted) {
    listener()
    return () => {}
  }
  allowListeners(signal)
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

/** Waits for a promise until the signal fires, and then rejects with its reason. The promise itself goes on. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  let stopListening = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    stopListening = onAbort(signal, () => reject(signal.reason as Error))
  })
  try {
    return await Promise.race([aborted, promise])
  } finally {
    stopListening()
  }
}

/** Lets any number of calls that are under way at once listen to a signal without a warning. */
export function allowListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal)
}
