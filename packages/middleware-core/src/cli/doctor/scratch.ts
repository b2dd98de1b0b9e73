import { undefinedIfNotFound } from '../../contract/errors.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import { messageOf } from '../context/message-of.ts'
import { scratchLeft } from './problems.ts'
import type { CheckResult } from './run-checks.ts'

/** Milliseconds for removing what checks have written. */
const CLEAN_UP_MS = 8000

/**
 * Removes the directory of the checks, or else the files that they have `written`: whoever may not list or read may still delete.
 * Undefined where nothing is left.
 */
export async function removeScratch(
  storage: StorageDriver,
  scratch: string,
  written: ReadonlySet<string>,
): Promise<CheckResult | undefined> {
  const signal = AbortSignal.timeout(CLEAN_UP_MS)
  try {
    await undefinedIfNotFound(storage.delete(scratch, { signal }))
    return undefined
  } catch {
    const left: string[] = []
    let reason: unknown
    for (const path of written) {
      try {
        await undefinedIfNotFound(storage.delete(path, { fileOnly: true, signal }))
      } catch (error) {
        left.push(path)
        reason ??= error
      }
    }
    if (left.length === 0) return undefined
    const findings = [{ problem: scratchLeft, evidence: `${left.join(', ')}: ${messageOf(reason)}` }]
    const title = 'the files of the checks are removed'
    return { name: 'storage/clean', title, status: 'warning', evidence: undefined, findings }
  }
}
