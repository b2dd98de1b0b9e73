import { StorageError } from '../../contract/errors.ts'

/** Checks that `--only` names: `s3` stands for all of that layer, `s3/bucket` for one. None: all. */
export class WantedChecks {
  readonly #names: readonly string[]

  constructor(names: readonly string[] = []) {
    this.#names = names
  }

  includes(name: string): boolean {
    return this.#names.length === 0 || this.#names.some(wanted => matches(wanted, name))
  }

  /** Throws an error that lists the checks that there are, for a name that is none of them. */
  assertKnown(known: readonly string[]): void {
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
