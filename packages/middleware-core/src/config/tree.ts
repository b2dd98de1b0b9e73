/** Place at which a part of a configuration was given. */
export interface Source {
  /** `config.yml:12`, or the name of an environment variable. */
  readonly location: string
  readonly fromEnvironment: boolean
}

/**
 * A configuration as it was written: every leaf is a text, because only the option's schema knows its type. So the secret
 * `0123` stays `0123`, and `off` is a text until an option that is a boolean reads it.
 */
export type Tree = Text | Mapping | List

/** Leaf of a configuration. */
export interface Text {
  readonly kind: 'text'
  readonly text: string
  readonly source: Source
}

/** Mapping of a configuration: keys in their order, as they were spelled. */
export interface Mapping {
  readonly kind: 'mapping'
  readonly entries: ReadonlyMap<string, Tree>
  readonly source: Source
}

/** List of a configuration. */
export interface List {
  readonly kind: 'list'
  readonly items: readonly Tree[]
  readonly source: Source
}

/** Makes a leaf. */
export function text(content: string, source: Source): Text {
  return { kind: 'text', text: content, source }
}

/** Makes a mapping. */
export function mapping(entries: Iterable<readonly [string, Tree]>, source: Source): Mapping {
  return { kind: 'mapping', entries: new Map(entries), source }
}

/** Makes a list. */
export function list(items: readonly Tree[], source: Source): List {
  return { kind: 'list', items, source }
}

/** True where nothing was given: no such key, or one without a value. */
export function isAbsent(tree: Tree | undefined): tree is undefined | (Text & { text: '' }) {
  return tree === undefined || (tree.kind === 'text' && tree.text === '')
}

/** The key as it was spelled, for a name in any spelling. */
export function keyIn(parent: Mapping, name: string): string | undefined {
  if (parent.entries.has(name)) return name
  const lower = name.toLowerCase()
  return [...parent.entries.keys()].find(key => key.toLowerCase() === lower)
}

/** Finds the child of `parent` by its name, ignoring case, or by its index. */
export function childOf(parent: Tree | undefined, name: PropertyKey): Tree | undefined {
  if (parent?.kind === 'list') return parent.items[Number(name)]
  if (parent?.kind !== 'mapping') return undefined
  const key = keyIn(parent, String(name))
  return key === undefined ? undefined : parent.entries.get(key)
}

/** Finds the part at the end of a path. */
export function descendant(tree: Tree | undefined, path: readonly PropertyKey[]): Tree | undefined {
  return path.reduce<Tree | undefined>(childOf, tree)
}

/** Finds the place at which the option at the path was given or, when it was not, the part that it is missing from. */
export function sourceOf(tree: Tree, path: readonly PropertyKey[]): Source {
  const [name, ...rest] = path
  const child = name === undefined ? undefined : childOf(tree, name)
  return child ? sourceOf(child, rest) : tree.source
}

/** The same as plain objects, arrays and strings. */
export function plain(tree: Tree): unknown {
  if (tree.kind === 'text') return tree.text
  if (tree.kind === 'list') return tree.items.map(plain)
  return Object.fromEntries(Array.from(tree.entries, ([key, child]) => [key, plain(child)]))
}

/** Every environment variable that the part was put together from. */
export function variablesIn(tree: Tree): string[] {
  const children = tree.kind === 'text' ? [] : tree.kind === 'list' ? tree.items : [...tree.entries.values()]
  const below = children.flatMap(variablesIn)
  return [...new Set(below.length > 0 || !tree.source.fromEnvironment ? below : [tree.source.location])]
}
