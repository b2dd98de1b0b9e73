import { randomUUID } from 'node:crypto'
import { ConfigError, type StorageDriver, isStorageError } from '@longshore/middleware-core'
import { probeFile } from './layout.ts'

/** Time for which a start waits at most for the storage's answer. */
const TIMEOUT_MS = 3000

/**
 * Tries whether a storage can write a file only if it is absent, where only its server can tell (`putIfAbsent: 'varies'`). Throws
 * a `ConfigError` when it cannot: tags would not be immutable. One that does not answer now is no reason not to start; a push
 * finds out then.
 */
export async function assertKeepsTags(storage: StorageDriver, patterns: readonly string[]): Promise<void> {
  if (patterns.length === 0 || storage.capabilities.putIfAbsent !== 'varies') return
  const path = probeFile(randomUUID())
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    await storage.putContent(path, '', { ifAbsent: true, signal })
    await storage.delete(path, { fileOnly: true, signal })
  } catch (error) {
    if (!isStorageError(error, 'UNSUPPORTED')) return
    const problem = `this storage cannot write a file only if it is absent: ${error.message}; accepted: no patterns`
    throw new ConfigError([{ option: ['tags', 'immutable'], problem }], { cause: error })
  }
}
