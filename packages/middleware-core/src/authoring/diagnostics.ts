import { tracingChannel } from 'node:diagnostics_channel'

/** One call of a driver, as subscribers of the `longshore:operation` tracing channel see it. */
export interface OperationTrace {
  readonly driver: string
  /** Name of the contract's method: `getContent`, `commit`, ... */
  readonly operation: string
  readonly path: string
  /** Set when the call succeeded. */
  result?: unknown
  /** Set when the call failed: what its caller gets, a `StorageError` unless it was aborted. */
  error?: unknown
}

/**
 * The tracing channel on which every driver made by `defineDriver` publishes its calls (`start`, `end`, `asyncStart`,
 * `asyncEnd`, `error`). Without a subscriber it costs one property read a call.
 */
export const operationChannel = tracingChannel<unknown, OperationTrace>('longshore:operation')

/** Runs one call, published on {@link operationChannel} when anybody listens, and then with its error translated. */
export function traced<T>(
  driver: string,
  operation: string,
  path: string,
  call: () => Promise<T>,
  translate: (error: unknown) => Error,
): Promise<T> {
  if (!operationChannel.hasSubscribers) return call()
  const translated = (): Promise<T> => call().catch((error: unknown) => Promise.reject(translate(error)))
  return operationChannel.tracePromise(translated, { driver, operation, path })
}
