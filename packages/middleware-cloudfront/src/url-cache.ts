import { LRUCache } from 'lru-cache'

interface Entry {
  readonly expires: number
  readonly url: string
}

interface Signing {
  readonly expires: number
  readonly url: Promise<string>
}

/**
 * Keeps the last signed URL of each object, for the objects asked for most recently, and every URL in the making, so that
 * everybody who asks meanwhile waits for the same signature.
 */
export class UrlCache {
  readonly #entries: LRUCache<string, Entry>
  readonly #signings = new Map<string, Signing>()

  /** `size` is the number of objects, those whose URLs are still in the making not counted. */
  constructor(size: number) {
    this.#entries = new LRUCache({ max: size })
  }

  /** The object's URL that expires at exactly this moment. */
  find(object: string, expires: number): string | Promise<string> | undefined {
    const entry = this.#entries.get(object)
    if (entry?.expires === expires) return entry.url
    const signing = this.#signings.get(object)
    return signing?.expires === expires ? signing.url : undefined
  }

  /** Keeps a URL in the making, in place of the object's last one as soon as it is made. */
  set(object: string, expires: number, url: Promise<string>): Promise<string> {
    const signing: Signing = { expires, url }
    this.#signings.set(object, signing)
    const settle = (made?: string): void => {
      // Another one may have begun since, or everything may have been forgotten.
      if (this.#signings.get(object) !== signing) return
      this.#signings.delete(object)
      if (made !== undefined) this.#entries.set(object, { expires, url: made })
    }
    url.then(settle, () => settle())
    return url
  }

  /** Forgets everything. What is in the making is not kept any more. */
  clear(): void {
    this.#entries.clear()
    this.#signings.clear()
  }
}
