import { StorageError } from '../../contract/errors.ts'
import { type CheckGroup, groundOf } from './run-checks.ts'

/** Checks that `--only` names: `s3` stands for all of that layer, `s3/bucket` for one. None: all. */
export class WantedChecks {
  readonly #names: readonly string[]

  constructor(names: readonly string[] = []) {
    this.#names = names
  }

  /**
   * Full names of those of the groups' checks that are wanted, and of those that they stand on. Throws an error that lists the checks
   * that there are, for a name that is none of them.
   */
  in(groups: readonly CheckGroup[]): ReadonlySet<string> {
    const grounds = new Map(
      groups.flatMap(({ name, checks }) => checks.map(check => [`${name}/${check.name}`, groundOf(name, check)])),
    )
    this.#assertKnown(['config/valid', ...grounds.keys()])
    const wanted = new Set<string>()
    const add = (name: string): void => {
      if (wanted.has(name)) return
      wanted.add(name)
      for (const ground of grounds.get(name) ?? []) add(ground)
    }
    for (const name of grounds.keys()) if (this.#includes(name)) add(name)
    return wanted
  }

  #includes(name: string): boolean {
    return this.#names.length === 0 || this.#names.some(wanted => matches(wanted, name))
  }

  #assertKnown(known: readonly string[]): void {
    const unknown = this.#names.find(wanted => !known.some(name => matches(wanted, name)))
    if (unknown === undefined) return
    const groups = new Set(known.map(name => name.replace(/\/.*/, '')))
    const accepted = [...groups, ...known].join(', ')
    throw new StorageError('INVALID_ARGUMENT', `--only: found ${JSON.stringify(unknown)}; accepted: ${accepted}`)
  }
}

function matches(wanted: string, name: string): boolean {
  return name === wanted || name.startsWith(`${wanted}/`)
}
