import { randomUUID } from 'node:crypto'
import { type FileInfo, type StorageDriver, undefinedIfNotFound } from '@longshore/middleware-core'
import { z } from 'zod'
import { type Digest, asDigest } from '../oci/digest.ts'
import { garbageJournals } from '../storage/layout.ts'
import { parsePath } from '../storage/parse-path.ts'
import { parseJson } from './parse-json.ts'
import type { Removal } from './removal.ts'

const digest = z.custom<Digest>(value => typeof value === 'string' && asDigest(value) !== undefined)
const entries = z.array(z.object({ path: z.string(), target: digest, subject: digest.optional() }))

/** Age from which a journal of another collection may be cleared: one hour. Links are gone soon after they were noted. */
const MIN_CLEAR_AGE_MS = 60 * 60 * 1000

/**
 * Journal of the links that a collection removes, in the storage itself. It is written before they go, and cleared once
 * nothing that was pushed meanwhile misses one. When a collection is killed in between, the next one can put them back.
 */
export class Journal {
  readonly #storage: StorageDriver
  readonly #directory = `${garbageJournals}/${randomUUID()}`
  /** Entries of others from before this collection began. */
  readonly #recovered = new Set<string>()
  readonly #toClear = new Set<string>()
  #count = 0

  constructor(storage: StorageDriver) {
    this.#storage = storage
  }

  /**
   * Reads what others have noted so far: collections that were killed, or are at work. Old entries are this one's to clear:
   * all of their links are gone by now. The rest is cleared by the collection that noted it, or by a later one.
   */
  async recover(): Promise<Map<string, Removal[]>> {
    const found = new Map<string, Removal[]>()
    for await (const { file, repository, removal } of this.#notedByOthers()) {
      this.#recovered.add(file.path)
      if (Date.now() - file.modifiedAt.getTime() >= MIN_CLEAR_AGE_MS) this.#toClear.add(file.path)
      const before = found.get(repository)
      if (before) before.push(removal)
      else found.set(repository, [removal])
    }
    return found
  }

  /** Lists links that others have noted since, and may put back. */
  async *removedMeanwhile(): AsyncIterable<Removal> {
    for await (const { file, removal } of this.#notedByOthers()) if (!this.#recovered.has(file.path)) yield removal
  }

  async note(removals: readonly Removal[]): Promise<void> {
    this.#count += 1
    const path = `${this.#directory}/${this.#count}`
    const noted = removals.map(({ path, target, subject }) => ({ path, target, subject }))
    await this.#storage.putContent(path, JSON.stringify(noted))
    this.#toClear.add(path)
  }

  async clear(): Promise<void> {
    for (const file of this.#toClear) await undefinedIfNotFound(this.#storage.delete(file, { fileOnly: true }))
    this.#toClear.clear()
  }

  async *#notedByOthers(): AsyncIterable<Noted & { file: FileInfo }> {
    for await (const file of this.#storage.walk(garbageJournals)) {
      if (file.isDirectory || file.path.startsWith(`${this.#directory}/`)) continue
      const content = await undefinedIfNotFound(this.#storage.getContent(file.path))
      // What has been cleared since it was listed is settled: the links that are needed are back.
      if (content) for (const noted of parse(file.path, content)) yield { file, ...noted }
    }
  }
}

interface Noted {
  readonly repository: string
  readonly removal: Removal
}

function* parse(file: string, content: Uint8Array): Iterable<Noted> {
  const { data } = entries.safeParse(parseJson(content))
  if (!data) {
    const remedy = 'restore it, or delete it once every manifest can be pulled: links that it named may be missing'
    throw new Error(`not a journal of a garbage collection: ${file}: ${remedy}`)
  }
  for (const { path, target, subject } of data) {
    const parsed = parsePath(path)
    if (!parsed || parsed.kind === 'blob' || parsed.kind === 'tag' || parsed.kind === 'upload') {
      throw new Error(`a journal of a garbage collection holds what is no link: ${file}`)
    }
    const { kind, repository, digest } = parsed
    yield { repository, removal: { kind, path, digest, target, subject } }
  }
}
