import {
  type Document,
  type ErrorCode,
  LineCounter,
  type Node,
  type Pair,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
} from 'yaml'
import { ConfigError } from '../options/config-error.ts'
import { type Source, type Tree, isAbsent, list, mapping, text } from './tree.ts'

/** Limits far above the needs of a configuration and far below the growth of aliases of aliases of aliases. */
const MAX_NODES = 10_000
const MAX_DEPTH = 100

/**
 * Reads YAML, or JSON, with every leaf kept as a text. `null`, `~` and nothing at all are the empty text. Anchors, aliases
 * and merge keys work. A mistake is a {@link ConfigError} that names its line and never quotes it: it may hold a secret.
 */
export function parseYaml(content: string, sourceAt: (line: number) => Source): Tree {
  const lineCounter = new LineCounter()
  const documents = parseAllDocuments(content, {
    schema: 'failsafe',
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
    lineCounter,
  })
  const lineAt = (offset: number): number => lineCounter.linePos(offset).line || 1
  const convert = new Conversion(offset => sourceAt(lineAt(offset)))
  const trees: Tree[] = []
  // Documents without content come from the `...` that encloses many an example.
  for (const document of documents as Document.Parsed[]) {
    const [error] = document.errors
    if (error) throw mistake(sourceAt(lineAt(error.pos[0])), problems[error.code] ?? 'not valid YAML')
    const tree = convert.document(document)
    if (!isAbsent(tree)) trees.push(tree)
  }
  const [tree = text('', sourceAt(1)), second] = trees
  if (second) throw mistake(second.source, 'a second YAML document begins; accepted: one')
  return tree
}

/**
 * Opens a text of the environment where a mapping or a list is wanted: it is read as YAML, of which JSON is a part. Texts
 * that hold neither, and everything that a file gave, stay as they are.
 */
export function parseInlineYaml(tree: Tree): Tree
export function parseInlineYaml(tree: Tree | undefined): Tree | undefined
export function parseInlineYaml(tree: Tree | undefined): Tree | undefined {
  if (isAbsent(tree) || tree.kind !== 'text' || !tree.source.fromEnvironment) return tree
  const opened = parseYaml(tree.text, () => tree.source)
  return opened.kind === 'text' ? tree : opened
}

const problems: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: 'a tab in the indentation; accepted: spaces',
  BAD_INDENT: 'the indentation does not fit the lines before',
  MISSING_CHAR: 'not valid YAML: a quote, bracket, colon, comma or space is missing',
  BAD_SCALAR_START: 'not valid YAML: a text that starts with a special character needs quotes',
  BAD_DQ_ESCAPE: 'not valid YAML: an unknown escape in double quotes; accepted: single quotes, or two backslashes',
  BLOCK_AS_IMPLICIT_KEY: 'not valid YAML: a key inside a value; a text that holds a colon and a space needs quotes',
  MULTILINE_IMPLICIT_KEY: 'not valid YAML: a key goes over several lines; is a colon missing?',
  RESOURCE_EXHAUSTION: 'the configuration is nested too deeply',
}

class Conversion {
  readonly #sourceAt: (offset: number) => Source
  #document: Document.Parsed | undefined
  #nodes = 0

  constructor(sourceAt: (offset: number) => Source) {
    this.#sourceAt = sourceAt
  }

  document(document: Document.Parsed): Tree {
    this.#document = document
    const { contents } = document
    return this.#tree(contents, this.#sourceAt(contents?.range[0] ?? 0), [])
  }

  /** `source` is where the key or the list item begins: the line that a reader looks for. */
  #tree(node: unknown, source: Source, path: PropertyKey[]): Tree {
    if (++this.#nodes > MAX_NODES) throw mistake(source, `more than ${MAX_NODES} values, with all aliases followed`)
    if (path.length > MAX_DEPTH) throw mistake(source, 'the configuration is nested too deeply')
    if (isAlias(node)) return this.#tree(this.#resolve(node, source), source, path)
    if (isMap(node)) return mapping(this.#entries(node.items, path), source)
    if (!isSeq(node)) return text(textOf(node), source)
    return list(
      node.items.map((item, index) => this.#tree(item, this.#locate(item) ?? source, [...path, index])),
      source,
    )
  }

  #entries(pairs: Pair[], path: PropertyKey[]): Map<string, Tree> {
    const own = new Map<string, Tree>()
    const spellings = new Map<string, Source>()
    const merged: Tree[] = []
    for (const { key, value } of pairs) {
      const source = this.#locate(key) ?? this.#sourceAt(0)
      const name = isAlias(key) ? this.#resolve(key, source) : key
      if (!isScalar(name)) throw mistake(source, 'a mapping or a list is used as a key; accepted: a text', path)
      const here = [...path, String(name.value)]
      const tree = this.#tree(value, source, here)
      if (name.value === '<<' && name.type === 'PLAIN') {
        merged.push(...(tree.kind === 'list' ? tree.items : [tree]))
        continue
      }
      const before = spellings.get(String(name.value).toLowerCase())
      if (before) throw mistake(source, `given twice, first at ${before.location}; accepted: one of them`, here)
      spellings.set(String(name.value).toLowerCase(), source)
      own.set(String(name.value), tree)
    }
    for (const tree of merged) {
      if (tree.kind !== 'mapping') throw mistake(tree.source, 'a merge key (<<) of something that is no mapping', path)
      for (const [key, child] of tree.entries) if (!own.has(key)) own.set(key, child)
    }
    return own
  }

  #resolve(alias: Node, source: Source): unknown {
    const target = isAlias(alias) && this.#document ? alias.resolve(this.#document) : undefined
    if (target) return target
    throw mistake(
      source,
      'an alias (*) without an anchor (&) of its name before it; a text that starts so needs quotes',
    )
  }

  #locate(node: unknown): Source | undefined {
    const range = (node as Node | null)?.range
    return range ? this.#sourceAt(range[0]) : undefined
  }
}

function textOf(node: unknown): string {
  if (!isScalar(node)) return ''
  const isNull = node.type === 'PLAIN' && /^(?:~|null|Null|NULL)$/.test(node.source ?? '')
  return isNull ? '' : String(node.value)
}

function mistake(source: Source, problem: string, option: PropertyKey[] = []): ConfigError {
  return new ConfigError([{ option, problem, location: source.location }])
}
