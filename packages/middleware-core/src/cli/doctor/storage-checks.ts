import { randomBytes } from 'node:crypto'
import { isStorageError } from '../../contract/errors.ts'
import { childPath } from '../../contract/paths.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import { formatBytes } from '../context/format.ts'
import type { Check, Outcome, Problem } from './check.ts'
import { filesNotChanged, filesNotWritten } from './problems.ts'

/** Makes the checks that every stack has to pass, whatever it is made of. `after` are those without which none can. */
export function storageChecks(
  storage: StorageDriver,
  { scratch, after }: { scratch: string; after: readonly string[] },
): Check[] {
  const content = randomBytes(4096)
  const [first, second] = [childPath(scratch, 'file'), childPath(scratch, 'moved')]
  return [
    {
      name: 'write',
      title: 'a file is written and read back',
      after,
      run: signal =>
        orProblem(filesNotWritten, async () => {
          await storage.putContent(first, content, { signal })
          const found = await storage.getContent(first, { signal })
          if (!content.equals(found)) return `wrote ${formatBytes(content.length)}, read other bytes`
          return undefined
        }),
    },
    {
      name: 'change',
      title: 'files are listed, moved and deleted',
      after: ['write'],
      run: signal =>
        orProblem(filesNotChanged, async () => {
          const listed = await storage.list(scratch, { signal })
          if (!listed.includes(first)) return `list of ${scratch} leaves out a file that is there`
          await storage.move(first, second, { signal })
          await storage.delete(second, { signal })
          return undefined
        }),
    },
  ]
}

/** Runs a step that says what is wrong, or nothing; a refusal by the storage is wrong, too. */
async function orProblem(problem: Problem, step: () => Promise<string | undefined>): Promise<Outcome> {
  try {
    const evidence = await step()
    return evidence === undefined ? {} : { findings: [{ problem, evidence }] }
  } catch (error) {
    if (!isStorageError(error)) throw error
    return { findings: [{ problem, evidence: error.message }] }
  }
}
