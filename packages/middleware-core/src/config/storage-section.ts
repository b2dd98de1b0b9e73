import { ConfigError } from '../options/config-error.ts'
import { knownNames, packageOf } from './known-packages.ts'
import { nearest } from '../options/nearest.ts'
import { isStorageSetting, storageSettings } from './sections.ts'
import { structured } from './structure.ts'
import { type Mapping, type Source, type Text, type Tree, isAbsent, keyIn, mapping, text, variablesIn } from './tree.ts'

/** `storage: inmemory` is short for a driver without options. */
export function longStorage(root: Mapping): Mapping {
  const key = keyIn(root, 'storage')
  const storage = key === undefined ? undefined : root.entries.get(key)
  if (key === undefined || isAbsent(storage) || storage.kind !== 'text') return root
  const driver = mapping([[storage.text, text('', storage.source)]], storage.source)
  return mapping([...root.entries, [key, driver]], root.source)
}

/**
 * `REGISTRY_STORAGE` holds the whole section, or the name of a driver. A name leaves the settings beside the driver as they
 * are, and the driver's own options too when the file has chosen the same one.
 */
export function setStorage(root: Mapping, value: Text): Mapping {
  if (isAbsent(value)) return root
  const key = keyIn(root, 'storage') ?? 'storage'
  const given = structured(value)
  const storage = given.kind === 'text' ? selectDriver(root.entries.get(key), given) : given
  return mapping([...root.entries, [key, storage]], root.source)
}

function selectDriver(before: Tree | undefined, { text: name, source }: Text): Tree {
  const driver = name.trim()
  const wanted = packageOf('driver', driver).toLowerCase()
  const isWanted = (key: string): boolean => packageOf('driver', key).toLowerCase() === wanted
  const entries = before?.kind === 'mapping' ? [...before.entries] : []
  const kept = entries.filter(([key]) => isStorageSetting(key) || isWanted(key))
  if (!kept.some(([key]) => isWanted(key))) kept.push([driver, text('', source)])
  return mapping(kept, before?.source ?? source)
}

/** The driver that a configuration chooses. */
export interface DriverChoice {
  readonly name: string
  readonly options: Tree
}

/** Finds the one driver in `storage`. None, or several, is a `ConfigError`. */
export function chooseDriver(storage: Tree, warn: (message: string) => void): DriverChoice {
  const known = knownNames('driver')
  const accepted = `one of ${known.join(', ')}, or the name of an installed package`
  const mistake = (problem: string): ConfigError =>
    new ConfigError([{ option: ['storage'], problem, location: storage.source.location }])
  if (!isAbsent(storage) && storage.kind !== 'mapping') {
    throw mistake(`found a ${storage.kind}; accepted: a mapping with one driver: ${accepted}`)
  }
  const entries = isAbsent(storage) ? [] : [...storage.entries]
  const candidates = entries.filter(([name]) => !isStorageSetting(name))
  // A driver that nobody knows, beside one that was chosen, is a variable that means something else.
  const sure = candidates.filter(([name, { source }]) => !source.fromEnvironment || known.includes(name))
  const drivers = sure.length > 0 ? sure : candidates
  const [driver] = drivers
  if (!driver) throw mistake(`no driver; accepted: ${accepted}`)
  if (drivers.length > 1) {
    const names = drivers.map(([name, { source }]) => describeCandidate(name, source))
    throw mistake(`several drivers: ${names.join(' and ')}; accepted: one`)
  }
  for (const [name, tree] of candidates.filter(candidate => candidate !== driver)) {
    for (const variable of variablesIn(tree)) warn(`${variable}: unknown option storage.${name}; ignored`)
  }
  return { name: driver[0], options: driver[1] }
}

function describeCandidate(name: string, { location }: Source): string {
  const known = [...knownNames('driver'), ...storageSettings]
  const guess = known.includes(name.toLowerCase()) ? undefined : nearest(name.toLowerCase(), known)
  return `${name} (${location}${guess ? `; did you mean ${guess}?` : ''})`
}
