import type { CacheEntry, CachePeers } from '../storage/cache/cache-peers.ts'
import { ANSWER_TIMEOUT_MS, type ToParent, type ToWorker } from './messages.ts'

/** Time after which a parent does not answer any more: it gives the workers that long, and has their answers to pass on. */
const PARENT_TIMEOUT_MS = 2 * ANSWER_TIMEOUT_MS

/**
 * The other workers, as one of them reaches them: through their parent. A delete waits until all have answered that they have
 * forgotten what is gone. One that does not answer in time is warned of.
 */
export class WorkerPeers implements CachePeers {
  readonly #send: (message: ToParent) => unknown
  readonly #waiting = new Map<number, (silent: readonly string[] | undefined) => void>()
  readonly #listeners: ((entry: CacheEntry) => void)[] = []
  #warn: (text: string) => void = () => {}
  #lastId = 0

  /** @param send sends a message to the parent */
  constructor(send: (message: ToParent) => unknown) {
    this.#send = send
  }

  /** Says where warnings go; before that there are none. */
  warnWith(warn: (text: string) => void): void {
    this.#warn = warn
  }

  async forget(entry: CacheEntry): Promise<void> {
    const id = (this.#lastId += 1)
    const silent = await new Promise<readonly string[] | undefined>(resolve => {
      const settle = (names: readonly string[] | undefined): void => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        resolve(names)
      }
      const timer = setTimeout(settle, PARENT_TIMEOUT_MS, undefined)
      this.#waiting.set(id, settle)
      this.#send({ kind: 'forget', id, entry })
    })
    if (silent?.length === 0) return
    const who = silent ? `worker ${silent.join(', ')}` : 'the parent process'
    this.#warn(`${who} did not answer in time that ${entry.key} is gone, and may serve it for some minutes`)
  }

  onForget(listener: (entry: CacheEntry) => void): void {
    this.#listeners.push(listener)
  }

  /** Takes what the parent tells about deletes. */
  receive(message: ToWorker): void {
    if (message.kind === 'forgotten') this.#waiting.get(message.id)?.(message.silent)
    if (message.kind !== 'forget') return
    for (const listener of this.#listeners) listener(message.entry)
    this.#send({ kind: 'answer', id: message.id, answer: true })
  }
}
