import type { FileInfo, StorageDriver } from '@longshore/middleware-core'
import { orUndefined } from './links.ts'

/**
 * The age in milliseconds from which bytes that are there already are stored again rather than relied on: 12 hours.
 *
 * A collection of garbage may run beside a push. It deletes bytes that no manifest refers to once they are older than its
 * grace period (24 hours unless it is told otherwise), and looks at their age again right before it does. Bytes that are
 * younger than half of that are safe until the manifest comes; storing older ones anew makes them young.
 */
const adoptedUpTo = 12 * 60 * 60 * 1000

/** Whether a file's bytes are there, and young enough to be what a push relies on. One question to the storage. */
export async function isAdoptable(storage: StorageDriver, path: string): Promise<boolean> {
  const file = await orUndefined(storage.stat(path, { fileOnly: true }))
  return file !== undefined && isYoung(file)
}

function isYoung({ modifiedAt }: FileInfo): boolean {
  return Date.now() - modifiedAt.getTime() < adoptedUpTo
}
