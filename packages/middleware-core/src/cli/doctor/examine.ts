import { randomUUID } from 'node:crypto'
import { type Stack, buildStack } from '../../config/create-storage.ts'
import { childPath } from '../../contract/paths.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import { isConfigError } from '../../options/config-error.ts'
import type { CliContext } from '../context/cli-context.ts'
import { type ReadConfiguration, configChecks } from './config-checks.ts'
import { findGroups } from './find-groups.ts'
import { RecordedStorage, type WrittenFiles } from './recorded-storage.ts'
import { type CheckResult, type Statuses, runChecks } from './run-checks.ts'
import { removeScratch } from './scratch.ts'
import type { WantedChecks } from './wanted-checks.ts'

export interface ExamineOptions {
  readonly wanted: WantedChecks
  /** Directory of the storage in which the checks may make one of their own. */
  readonly scratch: string
}

/** Milliseconds for all checks together. The rest of a minute is for putting things away. */
const ALL_MS = 45_000

/** Runs the wanted checks of a configuration and leaves the storage as it was. Results come as they are found. */
export async function* examine(
  file: string,
  context: CliContext,
  { wanted, scratch: parent }: ExamineOptions,
): AsyncGenerator<CheckResult> {
  const statuses = new Map<string, CheckResult['status']>()
  const { signal } = context
  const shared = { statuses, causes: new Map<string, string>(), signal, deadline: AbortSignal.timeout(ALL_MS) }
  const read: ReadConfiguration = {}
  const scratch = childPath(parent, `longshore-doctor-${randomUUID().slice(0, 8)}`)
  // Everything else stands on it, so it is run and shown even where it was not asked for.
  yield* runChecks({ name: 'config', checks: configChecks(file, context, read) }, { ...shared, isWanted: () => true })
  const { config, stack, storage } = read
  if (!config || !stack) return
  let driver: StorageDriver | undefined
  const written: WrittenFiles = { isTried: false, paths: new Set() }
  const recorded = (inner: StorageDriver | undefined): StorageDriver | undefined =>
    inner && new RecordedStorage(inner, written)
  const noteFile = (path: string): void => {
    written.isTried = true
    written.paths.add(path)
  }
  try {
    driver = await driverAlone(stack)
    const groups = await findGroups(
      stack,
      { whole: recorded(storage), driver: recorded(driver) },
      { config, scratch, noteFile },
      context,
    )
    const names = wanted.in(groups)
    const isWanted = (name: string): boolean => names.has(name)
    for (const group of groups) {
      for await (const result of runChecks(group, { ...shared, isWanted })) {
        yield group.name === 'storage' ? withoutRepetition(result, statuses, stack) : result
      }
    }
  } finally {
    const cleaned = storage ?? driver
    const left = written.isTried && cleaned ? await removeScratch(cleaned, scratch, written.paths) : undefined
    await storage?.[Symbol.asyncDispose]()
    await driver?.[Symbol.asyncDispose]()
    if (left !== undefined) yield left
  }
}

/** Driver without middlewares: what is wrong with those is no reason not to look at it. */
async function driverAlone({ driver }: Stack): Promise<StorageDriver | undefined> {
  try {
    return await buildStack({ driver, middlewares: [] })
  } catch (error) {
    if (isConfigError(error)) return undefined
    throw error
  }
}

/** Leaves the cause to the driver's own checks where they have found one: they know more than that a call fails. */
function withoutRepetition(result: CheckResult, statuses: Statuses, { driver }: Stack): CheckResult {
  const prefix = `${driver.factory.definition.name}/`
  const known = [...statuses].find(([name, status]) => status === 'failed' && name.startsWith(prefix))
  if (result.status !== 'failed' || known === undefined) return result
  return { ...result, status: 'skipped', evidence: `fails as well, because of ${known[0]}`, findings: [] }
}
