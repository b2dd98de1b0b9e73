/** What `promise` gives, unless `signal` is aborted first: then its reason is thrown, and the promise goes on without us. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  signal.throwIfAborted()
  const { stop, aborted } = abortPromise(signal)
  try {
    return await Promise.race([promise, aborted])
  } finally {
    stop()
  }
}

function abortPromise(signal: AbortSignal): { aborted: Promise<never>; stop(): void } {
  let stop = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    stop = () => signal.removeEventListener('abort', onAbort)
  })
  return { aborted, stop }
}
