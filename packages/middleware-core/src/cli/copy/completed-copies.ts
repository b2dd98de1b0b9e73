import { appendFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../../config/environment.ts'
import type { Copied, CopyRun } from './copied.ts'
import type { Source } from './source.ts'
import { problemWith, stateDirectory, stateName } from './state-directory.ts'

/** A file that is copied, with the identities of both sides at that time. */
interface CompletedCopy {
  readonly copied: Copied
  readonly source: string
  readonly copy: string
}

/**
 * Files of a directory that have been copied, as this machine remembers them until all are: a line of JSON for each. The same
 * command leaves out those of which neither side has changed since.
 */
export class CompletedCopies {
  readonly #directory: string
  readonly #file: string
  #known: Promise<ReadonlyMap<string, CompletedCopy>> | undefined

  constructor(env: Environment, what: readonly string[]) {
    this.#directory = join(stateDirectory(env), 'directories')
    this.#file = join(this.#directory, `${stateName(what)}.jsonl`)
  }

  /** Copies a file, unless that has been done. `openCopy` opens what it is copied to. */
  async copyOnce(
    source: Source,
    destination: string,
    run: CopyRun,
    steps: { openCopy: () => Promise<Source>; copy: () => Promise<Copied> },
  ): Promise<Copied> {
    this.#known ??= this.#read()
    const known = (await this.#known).get(destination)
    if (!run.verify && known && known.source === source.identity && known.copy === (await identityOf(steps.openCopy))) {
      run.onSkipped(source.size)
      return { ...known.copied, isSkipped: true }
    }
    const copied = await steps.copy()
    const copy = await identityOf(steps.openCopy)
    if (source.identity !== undefined && copy !== undefined) await this.#add({ copied, source: source.identity, copy })
    return copied
  }

  /** Forgets everything, once all is copied. */
  async clear(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  /** Keeps an entry, where that can be done; without it the file is copied again. */
  async #add(entry: CompletedCopy): Promise<void> {
    if ((await problemWith(this.#directory)) !== undefined) return
    await appendFile(this.#file, `${JSON.stringify(entry)}\n`, { mode: 0o600 })
  }

  async #read(): Promise<ReadonlyMap<string, CompletedCopy>> {
    const text = await readFile(this.#file, 'utf8').catch(() => '')
    const entries = text.split('\n').flatMap(line => parse(line))
    return new Map(entries.map(entry => [entry.copied.destination, entry]))
  }
}

/** A line that a crash has cut off counts for nothing. */
function parse(line: string): CompletedCopy[] {
  try {
    return [JSON.parse(line) as CompletedCopy]
  } catch {
    return []
  }
}

/** Undefined where the file is not there, or nothing tells its versions apart. */
async function identityOf(open: () => Promise<Source>): Promise<string | undefined> {
  const source = await open().catch(() => undefined)
  await source?.close()
  return source?.identity
}
