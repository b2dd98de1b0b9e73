import type { ConfigIssue } from '../options/config-error.ts'
import { nearest } from '../options/nearest.ts'
import { packageOf } from './find-factory.ts'
import { parseInlineYaml } from './parse-yaml.ts'
import { isSection, isStorageSetting, sections } from './sections.ts'
import {
  type Mapping,
  type Source,
  type Text,
  type Tree,
  childOf,
  isAbsent,
  keyIn,
  list,
  mapping,
  text,
} from './tree.ts'

/** The process environment, or a part of it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A configuration with the environment over it. An issue stops the start, a warning does not. */
export interface WithEnvironment {
  readonly root: Mapping
  readonly issues: readonly ConfigIssue[]
  readonly warnings: readonly string[]
}

const prefix = 'REGISTRY_'

/** Sections that a text can give whole. */
const textSections: ReadonlySet<string> = new Set(['storage', 'loglevel'])

/**
 * Lays the `REGISTRY_*` variables over a configuration: `REGISTRY_STORAGE_S3_BUCKET` is `storage.s3.bucket`,
 * `REGISTRY_MIDDLEWARE_STORAGE_0_NAME` is `middleware.storage[0].name`. A variable that leads nowhere is only a warning,
 * because a container's environment holds variables that were never meant as configuration.
 */
export function applyEnvironment(written: Mapping, environment: Environment): WithEnvironment {
  let root = written
  const report: Report = { issues: [], warnings: [] }
  for (const [name, value] of Object.entries(environment).toSorted(([a], [b]) => compareNames(a, b))) {
    if (value === undefined || !name.startsWith(prefix)) continue
    const path = name.slice(prefix.length).toLowerCase().split('_')
    const problem = whyIgnored(path, value)
    if (problem) report.warnings.push(`${name}: ${problem}; ignored`)
    else if (path.length === 1 && path[0] === 'storage')
      root = setStorage(root, text(value, { location: name, fromEnvironment: true }))
    else root = new Overlay(name, value, report).setAt(root, path) as Mapping
  }
  return { root, ...report }
}

interface Report {
  readonly issues: ConfigIssue[]
  readonly warnings: string[]
}

function whyIgnored(path: readonly string[], value: string): string | undefined {
  const [section = ''] = path
  if (isKubernetesService(path, value)) return 'looks like what Kubernetes tells of a service'
  if (section === 'version') return 'the version cannot be set from the environment'
  if (isSection(section) && !path.includes('')) return whyNoPartOf(section, path.slice(1), value)
  const guess = nearest(section, sections)
  const better = [guess, ...path.slice(1)].join('_').toUpperCase()
  return `no section has this name${guess && guess !== section ? `; did you mean ${prefix}${better}?` : ''}`
}

/** `REGISTRY_PROXY=http://proxy:3128` is of another program: a whole section is given as YAML or JSON. */
function whyNoPartOf(section: string, [name]: readonly string[], value: string): string | undefined {
  if (name !== undefined) return isIndex(name) ? `${section} is no list` : undefined
  if (value === '' || textSections.has(section) || /^\s*[{[]/.test(value)) return undefined
  const given = opened(text(value, { location: '', fromEnvironment: true }))
  return given?.kind === 'text' ? `${section} is a mapping, found a text` : undefined
}

/** `REGISTRY_SERVICE_HOST`, `REGISTRY_HTTP_PORT_5000_TCP_ADDR`: any service called `registry` or `registry-...` makes them. */
function isKubernetesService(path: readonly string[], value: string): boolean {
  const name = path.join('_')
  if (/(?:^|_)service_(?:host|port)(?:_|$)/.test(name)) return true
  if (/(?:^|_)port_\d+_(?:tcp|udp|sctp)(?:_(?:proto|port|addr))?$/.test(name)) return true
  return /(?:^|_)port$/.test(name) && /^(?:tcp|udp|sctp):\/\//.test(value)
}

/**
 * `REGISTRY_STORAGE` holds the whole section, or the name of a driver. A name leaves the settings beside the driver as they
 * are, and the driver's own options too when the file has chosen the same one.
 */
function setStorage(root: Mapping, value: Text): Mapping {
  if (isAbsent(value)) return root
  const key = keyIn(root, 'storage') ?? 'storage'
  const given = parseInlineYaml(value)
  const storage = given.kind === 'text' ? selectDriver(root.entries.get(key), given) : given
  return mapping([...root.entries, [key, storage]], root.source)
}

function selectDriver(before: Tree | undefined, { text: name, source }: Text): Tree {
  const driver = name.trim()
  const requested = packageOf('driver', driver).toLowerCase()
  const isRequested = (key: string): boolean => packageOf('driver', key).toLowerCase() === requested
  const entries = before?.kind === 'mapping' ? [...before.entries] : []
  const kept = entries.filter(([key]) => isStorageSetting(key) || isRequested(key))
  if (!kept.some(([key]) => isRequested(key))) kept.push([driver, text('', source)])
  return mapping(kept, before?.source ?? source)
}

/** Sets the value of one variable. */
class Overlay {
  readonly #source: Source
  readonly #value: Tree
  readonly #isEmpty: boolean
  readonly #report: Report

  constructor(name: string, value: string, report: Report) {
    this.#source = { location: name, fromEnvironment: true }
    this.#value = text(value, this.#source)
    this.#isEmpty = value === ''
    this.#report = report
  }

  /** Gives the tree with the value at the end of the path. The old value is replaced; its siblings stay. */
  setAt(tree: Tree | undefined, path: readonly string[], parents: readonly string[] = []): Tree | undefined {
    const [name, ...rest] = path
    if (name === undefined) return this.#value
    const target = opened(tree)
    // Emptying what is not there must not create the sections around it.
    if (isAbsent(target)) return this.#isEmpty ? target : this.#into(this.#newParent(name), name, rest, parents)
    return this.#into(target, name, rest, parents)
  }

  #newParent(name: string): Tree {
    return isIndex(name) ? list([], this.#source) : mapping([], this.#source)
  }

  #into(target: Tree, name: string, rest: readonly string[], parents: readonly string[]): Tree {
    const here = [...parents, name]
    if (target.kind === 'text') return this.#ignore(target, parents, 'holds a text, nothing below it')
    if (target.kind === 'mapping') {
      const child = this.setAt(childOf(target, name), rest, here)
      return child ? mapping([...target.entries, [keyIn(target, name) ?? name, child]], target.source) : target
    }
    if (!isIndex(name)) return this.#ignore(target, parents, 'is a list: the number of an entry must follow')
    const index = Number(name)
    const { length } = target.items
    if (index > length) {
      const problem = `found the index ${index}; accepted: 0 to ${length}, where ${length} adds an entry`
      this.#report.issues.push({ option: parents, problem, location: this.#source.location })
      return target
    }
    const child = this.setAt(target.items[index], rest, here)
    return child ? list(target.items.toSpliced(index, 1, child), target.source) : target
  }

  #ignore(target: Tree, path: readonly string[], problem: string): Tree {
    this.#report.warnings.push(`${this.#source.location}: ${path.join('.')} ${problem}; ignored`)
    return target
  }
}

/** Opens a text, or leaves it as it is: the schema that reads it later reports the mistake. */
function opened(tree: Tree | undefined): Tree | undefined {
  try {
    return parseInlineYaml(tree)
  } catch {
    return tree
  }
}

function isIndex(name: string): boolean {
  return /^\d+$/.test(name)
}

/** Compares by component, numbers by size: a section comes before what is in it, and the tenth entry of a list after the ninth. */
function compareNames(a: string, b: string): number {
  const [left, right] = [a.split('_'), b.split('_')]
  for (const [index, component] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    if (component === other) continue
    if (isIndex(component) && isIndex(other)) return Number(component) - Number(other)
    return component < other ? -1 : 1
  }
  return left.length - right.length
}
