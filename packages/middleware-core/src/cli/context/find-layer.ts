import type { Layer, Stack } from '../../config/create-storage.ts'
import { plain } from '../../config/tree.ts'
import { optionName } from '../../options/config-error.ts'

/** A driver or middleware of a stack, as its configuration gives it. */
export interface FoundLayer {
  /** Options as they were given, as texts. */
  readonly options: Record<string, unknown>
  /** Place of the options: `middleware.storage[0].options`. */
  readonly where: string
}

/** Layers in the order in which a call meets them: the outermost middleware first, the driver last. */
export function layersOf({ driver, middlewares }: Stack): readonly Layer[] {
  return [...middlewares.toReversed(), driver]
}

/** Finds the driver, or the outermost middleware, that goes by this name in its own definition. */
export function findLayer(stack: Stack, name: string): FoundLayer | undefined {
  const layer = layersOf(stack).find(({ factory }) => factory.definition.name === name)
  return layer && foundLayer(layer)
}

/** Options of a layer, and where they were given. */
export function foundLayer({ options, where }: Layer): FoundLayer {
  return { options: Object(plain(options)), where: optionName(where) }
}
