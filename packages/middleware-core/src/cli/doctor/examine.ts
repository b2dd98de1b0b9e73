import { randomUUID } from 'node:crypto'
import { type Stack, buildStack } from '../../config/create-storage.ts'
import { isStorageError, undefinedIfNotFound } from '../../contract/errors.ts'
import { childPath } from '../../contract/paths.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import { isConfigError } from '../../options/config-error.ts'
import type { CliContext } from '../context/cli-context.ts'
import { messageOf } from '../context/message-of.ts'
import { type ReadConfiguration, configChecks } from './config-checks.ts'
import { findGroups } from './find-groups.ts'
import { scratchLeft } from './problems.ts'
import { type CheckResult, type Statuses, runChecks } from './run-checks.ts'
import type { WantedChecks } from './wanted-checks.ts'

export interface ExamineOptions {
  readonly wanted: WantedChecks
  /** Directory of the storage in which the checks may make one of their own. */
  readonly scratch: string
}

/** Milliseconds for all checks together. The rest of a minute is for putting things away. */
const ALL_MS = 50_000
const CLEAN_UP_MS = 8000

/** Runs the wanted checks of a configuration and leaves the storage as it was. Results come as they are found. */
export async function* examine(
  file: string,
  context: CliContext,
  { wanted, scratch: parent }: ExamineOptions,
): AsyncGenerator<CheckResult> {
  const statuses = new Map<string, CheckResult['status']>()
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(ALL_MS)])
  const isWanted = (name: string): boolean => wanted.includes(name)
  const read: ReadConfiguration = {}
  const scratch = childPath(parent, `longshore-doctor-${randomUUID().slice(0, 8)}`)
  // Everything else stands on it, so it is run and shown even where it was not asked for.
  yield* runChecks(
    { name: 'config', checks: configChecks(file, context, read) },
    { statuses, isWanted: () => true, signal },
  )
  const { config, stack, storage } = read
  if (!config || !stack) return
  let driver: StorageDriver | undefined
  let hasWritten = false
  try {
    driver = await driverAlone(stack)
    const groups = await findGroups(stack, { whole: storage, driver }, { config, scratch }, context)
    wanted.assertKnown([
      'config/valid',
      ...groups.flatMap(({ name, checks }) => checks.map(check => `${name}/${check.name}`)),
    ])
    for (const group of groups) {
      for await (const result of runChecks(group, { statuses, isWanted, signal })) {
        hasWritten ||= result.hasWritten === true
        yield group.name === 'storage' ? withoutRepetition(result, statuses, stack) : result
      }
    }
  } finally {
    const left = await cleanUp(storage ?? driver, scratch, hasWritten)
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

/** Removes the files of the checks, and tells where they cannot be removed; but not where there are none, as far as is known. */
async function cleanUp(
  storage: StorageDriver | undefined,
  scratch: string,
  hasWritten: boolean,
): Promise<CheckResult | undefined> {
  if (!storage) return undefined
  try {
    await undefinedIfNotFound(storage.delete(scratch, { signal: AbortSignal.timeout(CLEAN_UP_MS) }))
    return undefined
  } catch (error) {
    const isThere = await storage.stat(scratch, { signal: AbortSignal.timeout(CLEAN_UP_MS) }).then(
      () => true,
      (reason: unknown) => hasWritten && !isStorageError(reason, 'PATH_NOT_FOUND'),
    )
    if (!isThere) return undefined
    const findings = [{ problem: scratchLeft, evidence: `${scratch}: ${messageOf(error)}` }]
    const title = 'the files of the checks are removed'
    return { name: 'storage/clean', title, status: 'warning', evidence: undefined, findings }
  }
}
