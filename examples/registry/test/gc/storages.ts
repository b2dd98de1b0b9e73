import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import {
  type FileInfo,
  ForwardingDriver,
  type StatOptions,
  type StorageDriver,
  type WalkOptions,
  filesystem,
  inmemory,
} from '@longshore/middleware-core'
import { bucketOf } from '../support/cloud.ts'

const twoDays = 2 * 24 * 60 * 60 * 1000

/** A storage whose files can be made older than they are. */
class Aging extends ForwardingDriver {
  readonly #resolution: number
  readonly #lag: number
  #mark = new Date(0)

  /** Milliseconds that the storage tells times apart by, and by which its clock may be late. */
  constructor(inner: StorageDriver, resolution: number, lag = 0) {
    super(inner)
    this.#resolution = resolution
    this.#lag = lag
  }

  /** From now on all that is stored already counts as two days older. */
  async age(): Promise<void> {
    const mark = Date.now()
    this.#mark = new Date(mark)
    const next = (Math.floor((mark + this.#lag) / this.#resolution) + 1) * this.#resolution
    while (Date.now() < next) await setTimeout(next - Date.now())
  }

  override async stat(path: string, options?: StatOptions): Promise<FileInfo> {
    return this.#aged(await super.stat(path, options))
  }

  override async *walk(path: string, options?: WalkOptions): AsyncIterable<FileInfo> {
    for await (const info of super.walk(path, options)) yield this.#aged(info)
  }

  #aged(info: FileInfo): FileInfo {
    if (info.modifiedAt > this.#mark) return info
    return { ...info, modifiedAt: new Date(info.modifiedAt.getTime() - twoDays) }
  }
}

/** A storage to test with, and where it is in a cloud. */
export interface TestStorage extends AsyncDisposable {
  readonly storage: Aging
  readonly cloud?: LocalCloud
}

/** The kinds of storage that a registry runs on. */
export const storages: Readonly<Record<string, () => Promise<TestStorage>>> = {
  async inmemory() {
    const storage = new Aging(inmemory(), 1)
    return { storage, [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose]() }
  },
  async filesystem() {
    const rootDirectory = await mkdtemp(join(tmpdir(), 'garbage-'))
    // Linux takes the time of a file from its last timer tick, which may be 10 ms ago.
    const storage = new Aging(filesystem({ rootDirectory }), 1, 20)
    return {
      storage,
      async [Symbol.asyncDispose]() {
        await storage[Symbol.asyncDispose]()
        await rm(rootDirectory, { recursive: true, force: true })
      },
    }
  },
  async s3() {
    const cloud = await startLocalCloud()
    const storage = new Aging(bucketOf(cloud), 1000)
    return {
      storage,
      cloud,
      async [Symbol.asyncDispose]() {
        await storage[Symbol.asyncDispose]()
        await cloud.close()
      },
    }
  },
}
