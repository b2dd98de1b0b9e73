import { readFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import type * as z from 'zod/mini'
import { checkSection } from './check-section.ts'
import { ConfigError } from '../options/config-error.ts'
import { type Environment, applyEnvironment } from './environment.ts'
import { parseInlineYaml, parseYaml } from './parse-yaml.ts'
import { expandShorthand, reviewSections } from './sections.ts'
import { type Mapping, type Tree, childOf, isAbsent, mapping, text, variablesIn } from './tree.ts'

/**
 * A registry's configuration: its file with the environment laid over it. {@link Config.section} and `createStorage` read it;
 * printing it shows no values, because some are secrets.
 */
export class Config {
  /** The file as it was named to whoever loaded it. */
  readonly file: string
  readonly #root: Mapping
  readonly #warnings: Set<string>

  /** Use {@link loadConfig} or {@link parseConfig}. */
  constructor(file: string, root: Mapping, warnings: Iterable<string>) {
    this.file = file
    this.#root = root
    this.#warnings = new Set(warnings)
  }

  /** Oddities that do not stop the start, such as an unknown `REGISTRY_` variable. Reading sections may add to them. */
  get warnings(): readonly string[] {
    return [...this.#warnings]
  }

  /**
   * A section under its schema: `config.section(['storage', 'delete'], z.object({ enabled: option.boolean() }))`. Every
   * leaf is a text, so schemas are put together from `option`. A section that is absent is an empty mapping to a schema
   * of an object. Throws one `ConfigError` that lists every mistake with its place.
   */
  section<Schema extends z.core.$ZodType>(path: readonly [string, ...string[]], schema: Schema): z.output<Schema> {
    return checkSection(schema, this.part(path), path, message => this.warn(message)).value
  }

  /** Gives the part at a path with its source; an empty text where there is none. For code that resolves a part itself. */
  part(path: readonly string[]): Tree {
    const part = path.reduce<Tree | undefined>((tree, name) => childOf(parseInlineYaml(tree), name), this.#root)
    return part ?? text('', this.#root.source)
  }

  /** Names the environment variables that the part at a path consists of; none where the file gave it. */
  variables(path: readonly string[]): string[] {
    const part = this.part(path)
    return part.source.fromEnvironment ? variablesIn(part) : []
  }

  /** Adds to the {@link Config.warnings}, unless it is there already. */
  warn(message: string): void {
    this.#warnings.add(message)
  }

  toJSON(): { file: string; sections: string[] } {
    return { file: this.file, sections: [...this.#root.entries.keys()] }
  }

  [inspect.custom](): string {
    return `Config ${inspect(this.toJSON())}`
  }
}

/** Reads a configuration file. `env` is the environment to lay over it; default: that of the process. */
export async function loadConfig(file: string, options: { env?: Environment } = {}): Promise<Config> {
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error)
  })
  return parseConfig(content, { file, env: options.env ?? process.env })
}

/**
 * Reads a configuration from a text. `file` is what messages call it, and where packages are looked for. `env` is the
 * environment to lay over it; default: none.
 */
export function parseConfig(content: string, options: { file?: string; env?: Environment } = {}): Config {
  const file = options.file ?? 'configuration'
  const parsed = parseYaml(content, line => ({ location: `${file}:${line}`, fromEnvironment: false }))
  const source = { location: file, fromEnvironment: false }
  if (!isAbsent(parsed) && parsed.kind !== 'mapping') {
    const problem = `found a ${parsed.kind}; accepted: a mapping of sections, such as storage and middleware`
    throw new ConfigError([{ option: [], problem, location: parsed.source.location }])
  }
  const written = expandShorthand(isAbsent(parsed) ? mapping([], source) : { ...parsed, source })
  const { root, ...environment } = applyEnvironment(written, options.env ?? {})
  const review = reviewSections(root)
  const issues = [...review.issues, ...environment.issues]
  if (issues.length > 0) throw new ConfigError(issues)
  return new Config(file, root, [...review.warnings, ...environment.warnings])
}

const readProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'found a directory; accepted: a file',
  EACCES: 'no permission to read the file',
}

function unreadable(file: string, cause: unknown): ConfigError {
  const { code = '' } = cause as NodeJS.ErrnoException
  const problem = readProblems[code] ?? `cannot be read (${code})`
  return new ConfigError([{ option: [], problem, location: file }], { cause })
}
