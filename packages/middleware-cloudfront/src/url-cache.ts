import { LRUCache } from 'lru-cache'

interface Entry {
  readonly expires: number
  /** The promise while the URL is being signed, the URL itself from then on. */
  url: string | Promise<string>
}

/**
 * Keeps the last signed URL of each object, for the objects asked for most recently. What is kept from the beginning is
 * the promise of a URL, so that everybody who asks meanwhile waits for the same signature.
 */
export class UrlCache {
  readonly #entries: LRUCache<string, Entry>

  /** `size` is the number of objects. */
  constructor(size: number) {
    this.#entries = new LRUCache({ max: size })
  }

  /** The object's URL that expires at exactly this moment. */
  find(object: string, expires: number): string | Promise<string> | undefined {
    const entry = this.#entries.get(object)
    return entry?.expires === expires ? entry.url : undefined
  }

  /** Keeps a URL in the making in place of the object's last one, unless making it fails. */
  keep(object: string, expires: number, signing: Promise<string>): Promise<string> {
    const entry: Entry = { expires, url: signing }
    this.#entries.set(object, entry)
    signing.then(
      url => {
        entry.url = url
      },
      () => {
        if (this.#entries.peek(object) === entry) this.#entries.delete(object)
      },
    )
    return signing
  }

  clear(): void {
    this.#entries.clear()
  }
}
