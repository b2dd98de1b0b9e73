import type { Layer, Stack } from '../../config/create-storage.ts'
import { packageOf } from '../../config/find-factory.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import type { CliContext } from '../context/cli-context.ts'
import { foundLayer } from '../context/find-layer.ts'
import { loadCliModule } from '../context/load-cli-module.ts'
import type { CheckContext } from './check.ts'
import type { CheckGroup } from './run-checks.ts'
import { storageChecks } from './storage-checks.ts'

/** Whole stack and its driver alone, as far as they could be put together. */
export interface BuiltStorage {
  readonly whole: StorageDriver | undefined
  readonly driver: StorageDriver | undefined
}

/**
 * Finds the checks of every layer of a stack, from the bucket to the edge: the driver's, those that any storage has to pass, and
 * the middlewares', innermost first.
 */
export async function findGroups(
  stack: Stack,
  { whole, driver }: BuiltStorage,
  shared: Pick<CheckContext, 'config' | 'scratch' | 'noteFile'>,
  context: CliContext,
): Promise<CheckGroup[]> {
  const groups = await groupOf(stack.driver, { ...shared, stack, storage: driver }, context)
  const vital = groups.flatMap(({ name, checks }) =>
    checks.filter(check => check.isVital).map(check => `${name}/${check.name}`),
  )
  if (whole) groups.push({ name: 'storage', checks: storageChecks(whole, { scratch: shared.scratch, after: vital }) })
  for (const layer of stack.middlewares)
    groups.push(...(await groupOf(layer, { ...shared, stack, storage: whole }, context)))
  return numbered(groups)
}

async function groupOf(layer: Layer, shared: Omit<CheckContext, 'layer'>, context: CliContext): Promise<CheckGroup[]> {
  const packageName = packageOf(layer.kind, layer.name)
  const { doctor } = await loadCliModule(packageName, context)
  if (typeof doctor?.checks !== 'function') return []
  return [{ name: layer.factory.definition.name, checks: doctor.checks({ ...shared, layer: foundLayer(layer) }) }]
}

/** Tells layers of one name apart: `rewrite`, `rewrite-2`. */
function numbered(groups: readonly CheckGroup[]): CheckGroup[] {
  const seen = new Map<string, number>()
  return groups.map(group => {
    const count = (seen.get(group.name) ?? 0) + 1
    seen.set(group.name, count)
    return count === 1 ? group : { ...group, name: `${group.name}-${count}` }
  })
}
