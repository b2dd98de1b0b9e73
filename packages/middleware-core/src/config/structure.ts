import { parseYaml } from './parse-yaml.ts'
import { type Tree, isAbsent } from './tree.ts'

/**
 * Opens a text of the environment where a mapping or a list is wanted: it is read as YAML, of which JSON is a part. Texts
 * that hold neither, and everything that a file gave, stay what they are.
 */
export function structured(tree: Tree): Tree
export function structured(tree: Tree | undefined): Tree | undefined
export function structured(tree: Tree | undefined): Tree | undefined {
  if (isAbsent(tree) || tree.kind !== 'text' || !tree.source.fromEnvironment) return tree
  const opened = parseYaml(tree.text, () => tree.source)
  return opened.kind === 'text' ? tree : opened
}
