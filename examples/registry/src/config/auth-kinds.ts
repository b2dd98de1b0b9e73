import type { Config } from '@longshore/middleware-core'
import { nearest } from '@longshore/middleware-core/config'

/** Options of each kind of authentication that Distribution has. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  htpasswd: ['realm', 'path'],
  token: [
    'realm',
    'service',
    'issuer',
    'rootcertbundle',
    'jwks',
    'signingalgorithms',
    'autoredirect',
    'autoredirectpath',
  ],
  silly: ['realm', 'service'],
}

/** Meaning of a key in `auth`: a variable may be another program's, such as podman's `REGISTRY_AUTH_FILE`. */
type Meaning = 'kind' | 'perhaps' | 'other'

/**
 * Finds the kinds of authentication that a section asks for, whether they exist or not. What a file says always counts.
 * Variables of other programs are warned of. One that may be a mistaken kind counts where nothing else guards the
 * registry: it must not let everybody in.
 */
export function requestedKinds(config: Config, sections: Readonly<Record<string, unknown>>): string[] {
  const names = Object.keys(sections).filter(name => name.toLowerCase() !== 'none')
  const meanings = new Map(names.map(name => [name, meaningOf(config, name, sections[name])]))
  const having = (meaning: Meaning): string[] => names.filter(name => meanings.get(name) === meaning)
  const sure = having('kind')
  const requested = sure.length > 0 ? sure : having('perhaps')
  for (const name of names.filter(other => !requested.includes(other))) {
    for (const variable of config.variables(['auth', name])) config.warn(`${variable}: sets no option of auth; ignored`)
  }
  return requested
}

function meaningOf(config: Config, name: string, value: unknown): Meaning {
  if (!config.part(['auth', name]).source.fromEnvironment) return 'kind'
  const options = kinds[name.toLowerCase()]
  const isMapping = typeof value === 'object' && value !== null
  // REGISTRY_AUTH=NAME has no options, and chooses.
  if (isMapping && Object.keys(value).length === 0) return 'kind'
  if (!options) return isNear(name, Object.keys(kinds)) ? 'perhaps' : 'other'
  if (!isMapping) return 'perhaps'
  return Object.keys(value).some(option => isNear(option, options)) ? 'kind' : 'other'
}

function isNear(name: string, known: readonly string[]): boolean {
  return nearest(name.toLowerCase(), known) !== undefined
}

/**
 * Gives the section that a value of `REGISTRY_AUTH` stands for: a name alone chooses, as `REGISTRY_STORAGE=s3` does, and
 * `REGISTRY_AUTH_HTPASSWD_PATH` would find no room in a text. Undefined for the value of another program, such as the JSON
 * of Docker's `config.json`: it must not replace the section of the file.
 */
export function authSectionOf(value: string): string | undefined {
  const text = value.trim()
  if (/^[a-z]{1,20}$/i.test(text)) return `{${text}: {}}`
  const names = namesInJson(text)
  const isOther = names.length > 0 && !names.some(name => isNear(name, [...Object.keys(kinds), 'none']))
  return isOther ? undefined : value
}

function namesInJson(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []
  } catch {
    return []
  }
}
