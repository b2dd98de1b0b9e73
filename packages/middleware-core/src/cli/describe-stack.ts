import * as z from 'zod/mini'
import { unwrap } from '../options/unwrap.ts'
import { packageOf } from '../config/find-factory.ts'
import type { Layer, Stack } from '../config/create-storage.ts'
import { layersOf } from './context/find-layer.ts'
import { type Tree, isAbsent } from '../config/tree.ts'

/** The stack as its configuration gives it, in the order in which a call meets its parts, without secrets. */
export function describeStack(stack: Stack): string {
  return layersOf(stack).map(describeLayer).join('\n')
}

function describeLayer(layer: Layer): string {
  const source = packageOf(layer.kind, layer.name)
  const title = `${layer.kind} ${layer.name}${source === layer.name ? '' : ` (${source})`}`
  const options = layer.options.kind === 'mapping' ? [...layer.options.entries] : []
  const given = options.filter(([, value]) => !isAbsent(value))
  return [title, ...given.map(([name, value]) => `  ${name}: ${shown(layer, name, value)}`)].join('\n')
}

function shown(layer: Layer, name: string, value: Tree): string {
  if (value.kind === 'list') return `a list of ${value.items.length}`
  if (value.kind === 'mapping') return `a mapping of ${value.entries.size}`
  if (isSecret(layer, name) || value.text.includes('-----BEGIN')) return '(not shown)'
  return value.text.replace(/\/\/[^/@\s]*@/, '//(not shown)@')
}

/** True where the schema declares an option secret or, for drivers of others that declare nothing, its name suggests it. */
function isSecret(layer: Layer, name: string): boolean {
  const { shape } = layer.factory.definition.options._zod.def
  const field = Object.entries<z.core.$ZodType>(shape).find(
    ([option]) => option.toLowerCase() === name.toLowerCase(),
  )?.[1]
  const isDeclared = field !== undefined && z.globalRegistry.get(unwrap(field))?.secret === true
  return isDeclared || /secret|password|passphrase|token|accesskey|credential/i.test(name)
}
