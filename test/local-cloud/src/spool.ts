import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, open, rm, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MAX_MEMORY_BYTES = 32 * 1024
const READ_BYTES = 128 * 1024

/** A private folder for bytes that are too many for memory. It goes with the process, however that ends. */
export class SpoolDirectory implements AsyncDisposable {
  readonly path: string
  readonly #onExit = () => rmSync(this.path, { recursive: true, force: true })

  private constructor(path: string) {
    this.path = path
    process.once('exit', this.#onExit)
  }

  static async create(parent: string = tmpdir()): Promise<SpoolDirectory> {
    return new SpoolDirectory(await mkdtemp(join(parent, 'local-cloud-')))
  }

  spool(): Spool {
    return new Spool(this.path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#onExit)
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 })
  }
}

/**
 * Bytes that arrive once and are read any number of times, also while they still arrive. A few stay in memory, so that
 * 100,000 small objects cost no files; more go to one file. Who retains a spool releases it; the last release removes it.
 */
export class Spool {
  size = 0
  readonly #directory: string
  #small: Buffer[] = []
  #path: string | undefined
  #file: FileHandle | undefined
  #state: 'filling' | 'whole' | 'failed' = 'filling'
  #writing: Promise<void> = Promise.resolve()
  #references = 1
  #waiting: (() => void)[] = []

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Resolves when the next chunk may come, which is while this one is still being written. */
  async write(chunk: Buffer): Promise<void> {
    await this.#writing
    this.#writing = this.#append(chunk)
    // Whoever writes next, or ends, sees the failure; until then nobody is there to see it.
    this.#writing.catch(() => {})
  }

  async #append(chunk: Buffer): Promise<void> {
    if (this.#path === undefined && this.size + chunk.length <= MAX_MEMORY_BYTES) {
      // A copy: what a socket hands out is a slice that would keep its whole 64 KiB alive.
      this.#small.push(Buffer.from(chunk))
    } else {
      if (!this.#file) {
        const path = join(this.#directory, randomUUID())
        this.#file = await open(path, 'w')
        for (const small of this.#small) await this.#file.write(small)
        this.#path = path
        this.#small = []
      }
      await this.#file.write(chunk)
    }
    this.size += chunk.length
    this.#wake()
  }

  /** Everything has arrived. */
  async end(): Promise<void> {
    await this.#writing
    if (this.#small.length > 1) this.#small = [Buffer.concat(this.#small)]
    await this.#file?.close()
    this.#file = undefined
    this.#state = 'whole'
    this.#wake()
  }

  /** The rest will never arrive: readers waiting for it fail. Releases the writer's reference. */
  async fail(): Promise<void> {
    this.#state = 'failed'
    this.#wake()
    await this.#writing.catch(() => {})
    await this.#file?.close()
    this.#file = undefined
    this.release()
  }

  retain(): void {
    this.#references++
  }

  release(): void {
    if (--this.#references > 0) return
    this.#small = []
    // Nobody waits for the disk to forget; a failure leaves a file that goes with the folder.
    if (this.#path !== undefined) void unlink(this.#path).catch(() => {})
  }

  /** The bytes from `start` up to `end`, waiting for what has not arrived. The caller holds a reference. */
  async *read(start: number, end: number): AsyncGenerator<Buffer, void, void> {
    let file: FileHandle | undefined
    try {
      for (let position = start; position < end;) {
        while (position >= this.size && this.#state === 'filling') await this.#progress()
        if (this.#state === 'failed' || position >= this.size) throw new Error('the bytes never arrived')
        const available = Math.min(end, this.size) - position
        if (this.#path === undefined) {
          const small = this.#small.length === 1 ? this.#small[0]! : Buffer.concat(this.#small)
          yield small.subarray(position, position + available)
          position += available
        } else {
          file ??= await open(this.#path, 'r')
          const chunk = Buffer.allocUnsafe(Math.min(READ_BYTES, available))
          const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
          if (bytesRead === 0) throw new Error('the spool file is shorter than what was written')
          yield chunk.subarray(0, bytesRead)
          position += bytesRead
        }
      }
    } finally {
      await file?.close()
    }
  }

  #progress(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
