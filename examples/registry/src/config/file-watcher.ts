import { stat } from 'node:fs/promises'

export interface WatchOptions<Content> {
  readonly paths: readonly string[]
  /** Loads the content from the files. */
  load(): Promise<Content>
  /** Called with the content of changed files. */
  onChange?(content: Content): void
  /** Called when changed files cannot be loaded. The content before stays in use. */
  onError(error: unknown): void
  /** Time between two checks of the files. Default 1000. */
  intervalMs?: number
}

/**
 * Content of files that is loaded again when one of them has changed. Files are polled: the links and mounts by which they
 * are often replaced send no events. A change counts when it stands for an interval, so that a file is not read half-written,
 * nor a key before its certificate.
 */
export class FileWatcher<Content> implements Disposable {
  readonly #options: WatchOptions<Content>
  #current: Content
  #loaded: string
  #timer: NodeJS.Timeout | undefined

  private constructor(options: WatchOptions<Content>, content: Content, state: string) {
    this.#options = options
    this.#current = content
    this.#loaded = state
    this.#schedule(state)
  }

  /** Loads the files. Throws what `load` throws. */
  static async load<Content>(options: WatchOptions<Content>): Promise<FileWatcher<Content>> {
    // Before they are read: what changes meanwhile is read again.
    const state = await stateOf(options.paths)
    return new FileWatcher(options, await options.load(), state)
  }

  get current(): Content {
    return this.#current
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #schedule(before: string): void {
    this.#timer = setTimeout(() => void this.#poll(before), this.#options.intervalMs ?? 1000).unref()
  }

  async #poll(before: string): Promise<void> {
    const state = await stateOf(this.#options.paths)
    if (state === before && state !== this.#loaded) await this.#reload(state)
    if (this.#timer) this.#schedule(state)
  }

  async #reload(state: string): Promise<void> {
    this.#loaded = state
    try {
      const content = await this.#options.load()
      this.#current = content
      this.#options.onChange?.(content)
    } catch (error) {
      this.#options.onError(error)
    }
  }
}

/** Makes a text that is another one when a file was replaced or written to. */
async function stateOf(paths: readonly string[]): Promise<string> {
  const states = paths.map(async path => {
    const found = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => error.code)
    if (typeof found !== 'object') return found
    return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':')
  })
  return (await Promise.all(states)).join('|')
}
