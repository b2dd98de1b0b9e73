import type { Readable } from 'node:stream'
import * as z from 'zod/mini'
import {
  type CallOptions,
  type DeleteOptions,
  type DirectUpload,
  type DirectUploadOptions,
  type FileInfo,
  type FileWriter,
  type MoveOptions,
  type PurgeOptions,
  type PurgeResult,
  type PutOptions,
  type PutStreamOptions,
  type ReadOptions,
  type SignedUrl,
  type StatOptions,
  type StorageDriver,
  StorageError,
  type UploadForm,
  type UploadFormOptions,
  type UploadRequest,
  type UploadUrlOptions,
  type UrlOptions,
  type WalkOptions,
  type WriteOptions,
  type WriteResult,
  assertDirectoryPath,
  isRelativePath,
  isStorageError,
  root,
} from '../contract/index.ts'
import * as option from '../options/option.ts'
import { type MiddlewareFactory, defineMiddleware } from './define-middleware.ts'
import { ForwardingDriver } from './forwarding-driver.ts'
import { ForwardingWriter } from './forwarding-writer.ts'

/** Options of the prefix middleware. */
export interface PrefixOptions {
  /** Directory that becomes the root, such as `/tenants/a`. It need not exist. Required. */
  path: string
}

/**
 * Shows one directory of a storage as if it were all of it: tenants in one bucket. No path leads out of it. It is also the
 * example of a middleware that maps paths: each that goes in, each that comes back, and those that errors name.
 *
 * @example
 * const tenant = compose(storage, prefix({ path: '/tenants/a' }))
 * await tenant.putContent('/hello.txt', 'Hello')                   // /tenants/a/hello.txt
 */
export const prefix: MiddlewareFactory<PrefixOptions> = defineMiddleware({
  name: 'prefix',
  options: z.object({
    path: option.text({ accepted: 'an absolute path, such as /tenants/a', matches: isDirectoryBelowRoot }),
  }),
  wrap: (driver, { path }) => new PrefixDriver(driver, path),
})

class PrefixDriver extends ForwardingDriver {
  readonly #directory: string

  constructor(inner: StorageDriver, directory: string) {
    super(inner)
    this.#directory = directory
  }

  override getContent(path: string, options?: CallOptions): Promise<Uint8Array> {
    return this.#call(path, inside => super.getContent(inside, options))
  }

  override putContent(path: string, content: Uint8Array | string, options?: PutOptions): Promise<WriteResult> {
    return this.#call(path, inside => super.putContent(inside, content, options))
  }

  override putStream(
    path: string,
    source: Readable | AsyncIterable<Uint8Array>,
    options?: PutStreamOptions,
  ): Promise<WriteResult> {
    return this.#call(path, inside => super.putStream(inside, source, options))
  }

  override reader(path: string, options?: ReadOptions): Promise<Readable> {
    return this.#call(path, inside => super.reader(inside, options))
  }

  override writer(path: string, options: WriteOptions = {}): Promise<FileWriter> {
    return this.#call(path, async inside => {
      const writer = await super.writer(inside, this.#mapDestination(options))
      return new PrefixWriter(writer, error => this.#outsideError(error))
    })
  }

  override stat(path: string, options?: StatOptions): Promise<FileInfo> {
    return this.#callDirectory(path, async inside => {
      try {
        return this.#outsideInfo(await super.stat(inside, options))
      } catch (error) {
        // The root is always a directory, the one of this storage, too.
        if (path !== root || !isStorageError(error, 'PATH_NOT_FOUND')) throw error
        return { path: root, size: 0, modifiedAt: new Date(0), isDirectory: true }
      }
    })
  }

  override list(path: string, options?: CallOptions): Promise<string[]> {
    return this.#callDirectory(path, async inside => {
      try {
        const children = await super.list(inside, options)
        return children.map(child => this.#outside(child))
      } catch (error) {
        if (path !== root || !isStorageError(error, 'PATH_NOT_FOUND')) throw error
        return []
      }
    })
  }

  override async *walk(path: string, options: WalkOptions = {}): AsyncIterable<FileInfo> {
    const { startAfter, descend } = options
    try {
      const inside = this.#insideDirectory(path)
      const entries = super.walk(inside, {
        ...options,
        startAfter: startAfter === undefined || startAfter === root ? undefined : this.#insidePosition(startAfter),
        descend: descend && (info => descend(this.#outsideInfo(info))),
      })
      for await (const entry of entries) yield this.#outsideInfo(entry)
    } catch (error) {
      throw this.#outsideError(error)
    }
  }

  override move(source: string, destination: string, options?: MoveOptions): Promise<void> {
    return this.#call(source, inside => super.move(inside, this.#inside(destination), options))
  }

  override delete(path: string, options?: DeleteOptions): Promise<void> {
    return this.#call(path, inside => super.delete(inside, options))
  }

  override urlFor(path: string, options?: UrlOptions): Promise<SignedUrl | undefined> {
    return this.#call(path, inside => super.urlFor(inside, options))
  }

  override uploadUrlFor(path: string, options: UploadUrlOptions): Promise<UploadRequest> {
    return this.#call(path, inside => super.uploadUrlFor(inside, options))
  }

  override uploadFormFor(path: string, options: UploadFormOptions): Promise<UploadForm> {
    return this.#call(path, inside => super.uploadFormFor(inside, options))
  }

  override directUpload(path: string, options: DirectUploadOptions): Promise<DirectUpload> {
    return this.#call(path, inside => super.directUpload(inside, this.#mapDestination(options)))
  }

  override keyFor(path: string): string {
    try {
      return super.keyFor(this.#inside(path))
    } catch (error) {
      throw this.#outsideError(error)
    }
  }

  override purgeUploads(options: PurgeOptions): Promise<PurgeResult> {
    return this.#callDirectory(options.path ?? root, path => super.purgeUploads({ ...options, path }))
  }

  /** Runs a call with the path of the wrapped driver, and names the caller's in errors. */
  async #call<T>(
    path: string,
    call: (inside: string) => Promise<T>,
    map: (path: string) => string = outside => this.#inside(outside),
  ): Promise<T> {
    try {
      return await call(map(path))
    } catch (error) {
      throw this.#outsideError(error)
    }
  }

  /** The same for calls that accept the root. */
  #callDirectory<T>(path: string, call: (inside: string) => Promise<T>): Promise<T> {
    return this.#call(path, call, outside => this.#insideDirectory(outside))
  }

  /** Path of the wrapped driver. What is illegal stays as it is, and is refused there: `~uploads` would be legal further down. */
  #inside(path: string): string {
    const isLegal = typeof path === 'string' && path.startsWith('/') && isRelativePath(path.slice(1))
    return isLegal ? this.#directory + path : path
  }

  /** Position in the order of a walk: a directory's ends in a slash. */
  #insidePosition(position: string): string {
    const path = position.replace(/(?<=.)\/$/, '')
    return this.#inside(path) + position.slice(path.length)
  }

  #insideDirectory(path: string): string {
    return path === root ? this.#directory : this.#inside(path)
  }

  #outside(path: string): string {
    return path === this.#directory ? root : path.slice(this.#directory.length)
  }

  #outsideInfo(info: FileInfo): FileInfo {
    return { ...info, path: this.#outside(info.path) }
  }

  #mapDestination<Options extends object>(options: Options & { destination?: string | undefined }): Options {
    const { destination } = options
    return destination === undefined ? options : { ...options, destination: this.#inside(destination) }
  }

  #outsideError(error: unknown): Error {
    if (!isStorageError(error) || !error.path?.startsWith(`${this.#directory}/`)) return error as Error
    const { code, driver, retryAfter, cause } = error
    const detail = error.detail.replaceAll(error.path, this.#outside(error.path))
    return new StorageError(code, detail, { driver, path: this.#outside(error.path), retryAfter, cause })
  }
}

/** Writer whose errors name the caller's path. */
class PrefixWriter extends ForwardingWriter {
  readonly #mapError: (error: unknown) => Error

  constructor(inner: FileWriter, mapError: (error: unknown) => Error) {
    super(inner)
    this.#mapError = mapError
  }

  protected override mapError(error: unknown): Error {
    return this.#mapError(error)
  }
}

function isDirectoryBelowRoot(path: string): boolean {
  try {
    assertDirectoryPath(path)
    return path !== root
  } catch {
    return false
  }
}
