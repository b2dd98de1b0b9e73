import type { ConfigIssue } from '../options/config-error.ts'
import { nearest } from '../options/nearest.ts'
import { type Mapping, childOf, descendant, isAbsent, keyIn, mapping, text } from './tree.ts'

/** The sections of a registry's `config.yml`. The stack reads `storage` and `middleware`; the others are the service's. */
export const sections = [
  'version',
  'log',
  'loglevel',
  'storage',
  'auth',
  'middleware',
  'http',
  'notifications',
  'redis',
  'health',
  'catalog',
  'tags',
  'proxy',
  'validation',
  'policy',
  'compatibility',
  'reporting',
] as const

/** Settings beside the driver in `storage`, which the service reads. */
export const storageSettings = ['cache', 'delete', 'maintenance', 'redirect', 'tag'] as const

const versions = ['0.1']

/** True for the name of a section of a configuration, in any spelling. */
export function isSection(name: string): boolean {
  return (sections as readonly string[]).includes(name.toLowerCase())
}

/** True for a key of `storage` that names a setting and no driver. */
export function isStorageSetting(name: string): boolean {
  return (storageSettings as readonly string[]).includes(name.toLowerCase())
}

/** Replaces `storage: inmemory`, which is short for a driver without options. */
export function expandShorthand(root: Mapping): Mapping {
  const key = keyIn(root, 'storage')
  const storage = key === undefined ? undefined : root.entries.get(key)
  if (key === undefined || isAbsent(storage) || storage.kind !== 'text') return root
  const driver = mapping([[storage.text, text('', storage.source)]], storage.source)
  return mapping([...root.entries, [key, driver]], root.source)
}

const deprecated = [
  { path: ['loglevel'], instead: 'log.level' },
  { path: ['storage', 'cache', 'layerinfo'], instead: 'storage.cache.blobdescriptor' },
]

/** Checks the outermost level, and warns of names that still work but have a successor. */
export function reviewSections(root: Mapping): { issues: ConfigIssue[]; warnings: string[] } {
  return { issues: sectionIssues(root), warnings: deprecations(root) }
}

function deprecations(root: Mapping): string[] {
  return deprecated.flatMap(({ path, instead }) => {
    const found = descendant(root, path)
    return found ? [`${found.source.location}: ${path.join('.')} is deprecated; use ${instead}`] : []
  })
}

function sectionIssues(root: Mapping): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  for (const [name, { source }] of root.entries) {
    if (isSection(name)) continue
    const guess = nearest(name.toLowerCase(), sections)
    const problem = `unknown section${guess ? `; did you mean ${guess}?` : '.'} Accepted: ${sections.join(', ')}`
    issues.push({ option: [name], problem, location: source.location })
  }
  const version = childOf(root, 'version')
  if (!isAbsent(version) && !(version.kind === 'text' && versions.includes(version.text))) {
    const found = version.kind === 'text' ? `'${version.text}'` : `a ${version.kind}`
    const problem = `found ${found}; accepted: ${versions.join(', ')}`
    issues.push({ option: ['version'], problem, location: version.source.location })
  }
  return issues
}
