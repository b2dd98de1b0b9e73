import type { StorageDriver } from '@longshore/middleware-core'
import { pingStorage } from './storage-check.ts'
import { messageOf } from './error-text.ts'
import { withoutSecrets } from './without-secrets.ts'

/** Milliseconds for which a start waits at most for the storage's word. */
const patience = 3000

/**
 * What keeps a registry from using its storage, for whoever starts it: missing credentials, or a bucket that is not there.
 * Undefined when nothing does. It may be mended while the registry runs, so it is no reason not to start.
 */
export async function findStorageProblem(storage: StorageDriver): Promise<string | undefined> {
  try {
    await pingStorage(storage, patience)
    return undefined
  } catch (error) {
    return `the storage cannot be used, and requests that need it fail until it can: ${withoutSecrets(messageOf(error))}`
  }
}
