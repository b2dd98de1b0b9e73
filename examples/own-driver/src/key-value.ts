import { Readable } from 'node:stream'
import {
  type DriverImplementation,
  type FileInfo,
  StorageError,
  type Upload,
  defineDriver,
  isBelow,
  parentPath,
  pathNotFound,
} from '@longshore/middleware-core'
import { z } from 'zod'

/** Store that the driver is on: Redis, LevelDB and most others have these four. Keys and values are texts. */
export interface KeyValueStore {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  delete(key: string): Promise<void>
  keys(): Promise<string[]>
}

/** Keeps files in a key-value store: `keyValue({ store })`. For small files: each is one value. */
export const keyValue = defineDriver({
  name: 'key-value',
  options: z.object({ store: z.custom<KeyValueStore>() }),
  create: ({ store }) => new KeyValueDriver(store),
})

class KeyValueDriver implements DriverImplementation {
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  async getContent(path: string): Promise<Uint8Array> {
    return (await this.#read(path)).content
  }

  async putContent(path: string, content: Uint8Array): Promise<object> {
    await this.#write(path, content)
    return {}
  }

  async reader(path: string, { offset, length = Infinity }: { offset: number; length?: number }): Promise<Readable> {
    const { content } = await this.#read(path)
    return Readable.from([content.subarray(offset, offset + length)], { objectMode: false })
  }

  /** Closed uploads lie below `~uploads`, where no path leads. Of several to a path the last one is kept. */
  async writer(path: string, options: { append: boolean; destination?: string }): Promise<Upload> {
    const left = options.append ? await this.#find(uploadKey(path)) : undefined
    if (options.append && !left && (await this.#read(path)).content.length > 0) {
      throw new StorageError('ALREADY_COMMITTED', `a file with content is at ${path}`, { path })
    }
    const chunks: Uint8Array[] = left ? [left.content] : []
    let closed = left?.content
    const bytes = (): Buffer => Buffer.concat(chunks)
    const cancel = async (): Promise<void> => {
      const isOwn = closed && (await this.#find(uploadKey(path)))?.content.equals(closed)
      if (isOwn) await this.#store.delete(uploadKey(path))
    }
    return {
      get size() {
        return chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      },
      write: chunk => {
        chunks.push(Buffer.from(chunk))
      },
      close: async () => {
        closed = bytes()
        await this.#write(uploadKey(path), closed)
      },
      commit: async () => {
        await this.#write(options.destination ?? path, bytes())
        await cancel()
        return {}
      },
      cancel,
      release: () => {},
    }
  }

  async stat(path: string): Promise<FileInfo> {
    const file = await this.#find(path)
    if (file) return { path, size: file.content.length, modifiedAt: new Date(file.time), isDirectory: false }
    if (!(await this.#paths()).some(other => isBelow(other, path))) throw pathNotFound(path)
    return { path, size: 0, modifiedAt: new Date(0), isDirectory: true }
  }

  async list(path: string): Promise<string[]> {
    const children = new Set<string>()
    for (let file of await this.#paths()) {
      while (isBelow(file, path) && parentPath(file) !== path) file = parentPath(file)
      if (isBelow(file, path)) children.add(file)
    }
    return [...children]
  }

  async move(source: string, destination: string): Promise<void> {
    await this.#write(destination, (await this.#read(source)).content)
    await this.#store.delete(source)
  }

  async delete(path: string, { fileOnly = false }: { fileOnly?: boolean }): Promise<void> {
    const doomed = (await this.#paths()).filter(other => other === path || (!fileOnly && isBelow(other, path)))
    if (doomed.length === 0 && !fileOnly) throw pathNotFound(path)
    for (const key of doomed) await this.#store.delete(key)
  }

  async purgeUploads({ olderThan, path, dryRun }: { olderThan: Date; path: string; dryRun?: boolean | undefined }) {
    let uploads = 0
    for (const key of await this.#store.keys()) {
      const isCovered = key === uploadKey(path) || isBelow(key, uploadKey(path))
      const upload = isCovered ? await this.#find(key) : undefined
      if (!upload || upload.time >= olderThan.getTime()) continue
      if (!dryRun) await this.#store.delete(key)
      uploads++
    }
    return { uploads }
  }

  async #paths(): Promise<string[]> {
    return (await this.#store.keys()).filter(key => !key.startsWith(uploadKey('/')))
  }

  async #find(key: string): Promise<{ content: Buffer; time: number } | undefined> {
    const value = await this.#store.get(key)
    if (value === undefined) return undefined
    const { base64, time } = JSON.parse(value) as { base64: string; time: number }
    return { content: Buffer.from(base64, 'base64'), time }
  }

  async #read(path: string): Promise<{ content: Buffer; time: number }> {
    const file = await this.#find(path)
    if (!file) throw pathNotFound(path)
    return file
  }

  async #write(key: string, content: Uint8Array): Promise<void> {
    const base64 = Buffer.from(content).toString('base64')
    await this.#store.set(key, JSON.stringify({ base64, time: Date.now() }))
  }
}

function uploadKey(path: string): string {
  return path === '/' ? '/~uploads/' : `/~uploads${path}`
}
