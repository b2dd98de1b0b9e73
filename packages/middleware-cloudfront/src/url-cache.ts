import { LRUCache } from 'lru-cache'

interface Entry<Url> {
  readonly expires: number
  readonly url: Url
}

/**
 * Cache of the last URL of each object, for the objects asked for most recently. It also holds every URL that is being
 * signed, so that all who ask meanwhile wait for one signature.
 */
export class UrlCache<Url extends string | symbol = string> {
  readonly #entries: LRUCache<string, Entry<Url>>
  readonly #pending = new Map<string, Entry<Promise<Url>>>()

  /** `size` is the number of objects; URLs that are being signed do not count. */
  constructor(size: number) {
    this.#entries = new LRUCache({ max: size })
  }

  /** URL of the object that expires at exactly `expires`, seconds since 1970. A promise while it is being signed. */
  find(object: string, expires: number): Url | Promise<Url> | undefined {
    const entry = this.#entries.get(object)
    if (entry?.expires === expires) return entry.url
    const pending = this.#pending.get(object)
    return pending?.expires === expires ? pending.url : undefined
  }

  /** Holds a URL that is being signed. It replaces the object's last one when it resolves, and is forgotten when it rejects. */
  set(object: string, expires: number, url: Promise<Url>): Promise<Url> {
    const pending = { expires, url }
    this.#pending.set(object, pending)
    const settle = (signed?: Url): void => {
      // Another one may have begun since, or the cache may have been cleared.
      if (this.#pending.get(object) !== pending) return
      this.#pending.delete(object)
      if (signed !== undefined) this.#entries.set(object, { expires, url: signed })
    }
    url.then(settle, () => settle())
    return url
  }

  /** Forgets every URL, those that are being signed included. */
  clear(): void {
    this.#entries.clear()
    this.#pending.clear()
  }
}
