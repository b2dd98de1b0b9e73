import { randomUUID } from 'node:crypto'
import type { StorageDriver } from '@longshore/middleware-core'
import { z } from 'zod'
import { type Digest, asDigest } from '../oci/digest.ts'
import { garbageJournals } from '../stores/layout.ts'
import { orUndefined } from '../stores/links.ts'
import { placeOf } from '../stores/places.ts'
import { parsedJson } from './parsed-json.ts'
import type { Removal } from './removal.ts'

const digest = z.custom<Digest>(value => typeof value === 'string' && asDigest(value) !== undefined)
const entries = z.array(z.object({ path: z.string(), target: digest, subject: digest.optional() }))

/**
 * Which links a collection has taken away, in the storage itself. It is written before they go, and removed once nothing
 * that was pushed meanwhile misses one of them. So when a collection is killed in between, the next one can put them back.
 */
export class Journal {
  readonly #storage: StorageDriver
  readonly #directory = `${garbageJournals}/${randomUUID()}`
  readonly #files: string[] = []
  #count = 0

  constructor(storage: StorageDriver) {
    this.#storage = storage
  }

  /** What collections that were killed have noted. It is this one's to remove from now on. */
  async recover(): Promise<Map<string, Removal[]>> {
    const found = new Map<string, Removal[]>()
    for await (const { path, isDirectory } of this.#storage.walk(garbageJournals)) {
      if (isDirectory) continue
      this.#files.push(path)
      for (const { repository, removal } of parse(path, await this.#storage.getContent(path))) {
        const before = found.get(repository)
        if (before) before.push(removal)
        else found.set(repository, [removal])
      }
    }
    return found
  }

  async note(removals: readonly Removal[]): Promise<void> {
    this.#count += 1
    const path = `${this.#directory}/${this.#count}`
    const noted = removals.map(({ path, target, subject }) => ({ path, target, subject }))
    await this.#storage.putContent(path, JSON.stringify(noted))
    this.#files.push(path)
  }

  async clear(): Promise<void> {
    for (const file of this.#files.splice(0)) await orUndefined(this.#storage.delete(file, { fileOnly: true }))
  }
}

function* parse(file: string, content: Uint8Array): Iterable<{ repository: string; removal: Removal }> {
  const { data } = entries.safeParse(parsedJson(content))
  if (!data) throw new Error(`not a journal of a collection of garbage: ${file}`)
  for (const { path, target, subject } of data) {
    const place = placeOf(path)
    if (!place || place.kind === 'blob' || place.kind === 'tag' || place.kind === 'upload') {
      throw new Error(`a journal of a collection of garbage holds what is no link: ${file}`)
    }
    const { kind, repository, digest } = place
    yield { repository, removal: { kind, path, digest, target, subject } }
  }
}
