import type { Stack } from '../../config/create-storage.ts'
import { packageOf } from '../../config/find-factory.ts'
import { StorageError } from '../../contract/errors.ts'
import type { CliContext } from '../context/cli-context.ts'
import { type FoundLayer, foundLayer, layersOf } from '../context/find-layer.ts'
import { loadCliModule } from '../context/load-cli-module.ts'
import type { EdgeTemplates } from './templates.ts'

/** Finds the outermost layer of a stack whose package brings templates. */
export async function findTemplates(
  stack: Stack,
  context: CliContext,
): Promise<{ templates: EdgeTemplates; layer: FoundLayer }> {
  const layers = layersOf(stack)
  for (const layer of layers) {
    const { edge } = await loadCliModule(packageOf(layer.kind, layer.name), context)
    if (typeof edge?.files === 'function') return { templates: edge, layer: foundLayer(layer) }
  }
  const names = layers.map(({ name }) => name)
  throw new StorageError(
    'CONFIG',
    `no part of the storage brings templates for its edge: found ${names.join(', ')}; accepted: a middleware such as cloudfront`,
  )
}
