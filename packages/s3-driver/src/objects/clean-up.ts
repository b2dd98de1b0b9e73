import { type CallOptions, onAbort } from '@longshore/middleware-core'

/** Milliseconds that cleaning up may still take once the call's signal has fired. */
const GRACE_MS = 500

/**
 * Cleans up after a call that failed. Its signal must not stop that, nor may a server that hangs keep the caller for long.
 * Failures are not told: the call's own error says more, and a purge removes what is left.
 */
export async function cleanUp(
  { signal }: CallOptions,
  task: (options: CallOptions) => Promise<unknown>,
): Promise<void> {
  const end = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const stopListening = onAbort(signal, () => {
    timer = setTimeout(() => end.abort(), GRACE_MS)
  })
  try {
    await task({ signal: end.signal })
  } catch {
    // See above.
  } finally {
    clearTimeout(timer)
    stopListening()
  }
}
