/** Bytes of an upload that are kept at most: 64 KiB. */
const mostKept = 1 << 16

/** All bytes of an upload, for as long as they are few. They come in chunks of any size, so the memory for them doubles. */
export class KeptBytes {
  /** Absent once there were too many. */
  #memory: Buffer | undefined
  #size: number

  constructor(bytes: Uint8Array = Buffer.alloc(0)) {
    this.#memory = Buffer.from(bytes)
    this.#size = bytes.length
  }

  /** Bytes of memory. */
  get footprint(): number {
    return this.#memory?.length ?? 0
  }

  /** All of them, or undefined when there were too many. */
  get all(): Buffer | undefined {
    return this.#memory?.subarray(0, this.#size)
  }

  add(bytes: Uint8Array): void {
    if (this.#memory === undefined) return
    const size = this.#size + bytes.length
    if (size > mostKept) {
      this.#memory = undefined
      return
    }
    if (size > this.#memory.length) this.#memory = Buffer.concat([this.#memory], Math.max(size, 2 * this.#size))
    this.#memory.set(bytes, this.#size)
    this.#size = size
  }

  copy(): KeptBytes {
    const copy = new KeptBytes(this.all)
    if (this.#memory === undefined) copy.#memory = undefined
    return copy
  }
}
