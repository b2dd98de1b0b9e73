/**
 * The keys of a bucket in the order of their UTF-8 bytes, which is the order of every list. Changes are collected and
 * worked in when somebody looks, so that filling a bucket with 100,000 keys sorts once.
 */
export class KeyIndex {
  #sorted: string[] = []
  readonly #added = new Set<string>()
  readonly #removed = new Set<string>()

  add(key: string): void {
    if (!this.#removed.delete(key)) this.#added.add(key)
  }

  remove(key: string): void {
    if (!this.#added.delete(key)) this.#removed.add(key)
  }

  keys(): readonly string[] {
    const changes = this.#added.size + this.#removed.size
    if (changes === 0) return this.#sorted
    if (changes < 32) {
      for (const key of this.#removed) this.#sorted.splice(firstNotBefore(this.#sorted, key), 1)
      for (const key of this.#added) this.#sorted.splice(firstNotBefore(this.#sorted, key), 0, key)
    } else {
      const kept = this.#removed.size === 0 ? this.#sorted : this.#sorted.filter(key => !this.#removed.has(key))
      this.#sorted = [...kept, ...this.#added].toSorted(compareKeys)
    }
    this.#added.clear()
    this.#removed.clear()
    return this.#sorted
  }
}

/** The index of the first key for which `isBefore` is false; the keys for which it is true come first. */
export function partitionPoint<T>(sorted: readonly T[], isBefore: (item: T) => boolean): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(sorted[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}

function firstNotBefore(sorted: readonly string[], key: string): number {
  return partitionPoint(sorted, item => compareKeys(item, key) < 0)
}

/** UTF-8 byte order. It is UTF-16 order but for surrogates, which stand for characters after U+FFFF. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}
