import { isStorageError } from '@longshore/middleware-core'
import { errorName } from '../../errors.ts'
import type { Probe } from './probe.ts'

/** A setting of the bucket; `value` is undefined where none is set, and `hidden` says why it could not be read. */
export type Setting<T> =
  | { readonly value: T | undefined; readonly hidden?: undefined }
  | { readonly value?: undefined; readonly hidden: string }

/**
 * Asks for a setting of the bucket. Permissions for that are not the driver's own, and many servers lack the operation: both are no
 * fault, and nothing is known then.
 */
export async function readSetting<T>(
  { bucket, limited }: Pick<Probe, 'bucket' | 'limited'>,
  permission: string,
  request: (options: { abortSignal?: AbortSignal }) => Promise<T>,
  signal: AbortSignal,
): Promise<Setting<T>> {
  try {
    return { value: await bucket.run(request, { signal: limited(signal) }) }
  } catch (error) {
    signal.throwIfAborted()
    if (!isStorageError(error)) return { hidden: 'the server gives no answer' }
    const name = errorName(error.cause)
    // NoSuchLifecycleConfiguration, NoSuchCORSConfiguration, OwnershipControlsNotFoundError, ...
    if (/^NoSuch\w*(?:Configuration|Policy)$|NotFoundError$/.test(name)) return { value: undefined }
    if (error.code === 'ACCESS_DENIED') return { hidden: `not to be seen without ${permission}` }
    if (error.code === 'UNSUPPORTED') return { hidden: 'the server does not know such a setting' }
    return { hidden: `the server does not tell: ${error.detail}` }
  }
}
