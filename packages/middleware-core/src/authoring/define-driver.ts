import { addAbortSignal, type Readable } from 'node:stream'
import type * as z from 'zod/mini'
import { type OptionsSchema, checkOptions } from '../options/check-options.ts'
import { traced } from './diagnostics.ts'
import type {
  CallOptions,
  DeleteOptions,
  FileInfo,
  MoveOptions,
  ReadOptions,
  SignedUrl,
  StatOptions,
  StorageDriver,
  PurgeOptions,
  PurgeResult,
  UrlOptions,
  WalkOptions,
  WriteOptions,
} from '../contract/storage-driver.ts'
import type { DriverImplementation } from './driver-implementation.ts'
import { StorageError, revisionMismatch, pathNotFound, toStorageError } from '../contract/errors.ts'
import { UploadWriter } from './upload-writer.ts'
import { assertDirectoryPath, assertPath, root } from '../contract/paths.ts'
import { walkByListing } from './walk-by-listing.ts'

/** Runs one call with the duties of every driver around it: disposal, abort, path, diagnostics, error kinds and names. */
export type RunOperation = <T>(
  operation: string,
  path: string,
  options: CallOptions,
  call: () => Promise<T>,
) => Promise<T>

/** How a driver is made: from a configuration file by its name, or from a program by its factory. */
export interface DriverDefinition<
  Schema extends OptionsSchema = OptionsSchema,
  Implementation extends DriverImplementation = DriverImplementation,
  Extension extends object = object,
> {
  readonly name: string
  readonly options: Schema
  create(options: z.output<Schema>): Implementation
  /** Methods beyond the contract, each to be run through `call`. */
  extend?(implementation: Implementation, call: RunOperation): Extension
}

/** Makes a driver from options as a program writes them; they are checked like those of a configuration file. */
export interface DriverFactory<Schema extends OptionsSchema = OptionsSchema, Extension extends object = object> {
  (options: z.input<Schema>): StorageDriver & Extension
  readonly kind: 'driver'
  readonly definition: { readonly name: string; readonly options: Schema }
}

/**
 * Makes a driver's factory from what its author writes, adding what every driver owes: checked options, path and offset
 * rules, error kinds and names, aborts, the writer's states, diagnostics and disposal. A package that default-exports the
 * factory can be named in a configuration file.
 */
export function defineDriver<
  Schema extends OptionsSchema,
  Implementation extends DriverImplementation,
  Extension extends object = object,
>(definition: DriverDefinition<Schema, Implementation, Extension>): DriverFactory<Schema, Extension> {
  const { name, options: schema } = definition
  const factory = (options: z.input<Schema>): StorageDriver & Extension => {
    const implementation = definition.create(checkOptions(schema, options, { where: `${name} options` }))
    const driver = new BaseDriver(name, implementation)
    const extension = definition.extend?.(implementation, (operation, path, call, run) =>
      driver.call(operation, path, call, assertPath, run),
    )
    return Object.assign(driver as StorageDriver, extension as Extension)
  }
  return Object.assign(factory, { kind: 'driver' as const, definition: { name, options: schema } })
}

/** Wraps an implementation in the duties of every driver. */
export function driverFrom(name: string, implementation: DriverImplementation): StorageDriver {
  return new BaseDriver(name, implementation)
}

class BaseDriver implements StorageDriver {
  readonly name: string
  readonly #inner: DriverImplementation
  #disposal: Promise<void> | undefined

  constructor(name: string, implementation: DriverImplementation) {
    this.name = name
    this.#inner = implementation
  }

  getContent(path: string, options: CallOptions = {}): Promise<Uint8Array> {
    return this.call('getContent', path, options, assertPath, () => this.#inner.getContent(path, options))
  }

  putContent(path: string, content: Uint8Array | string, options: CallOptions = {}): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    return this.call('putContent', path, options, assertPath, () => this.#inner.putContent(path, bytes, options))
  }

  reader(path: string, options: ReadOptions = {}): Promise<Readable> {
    const offset = options.offset ?? 0
    const check = (): void => {
      assertOffset(offset, path)
      assertPath(path)
    }
    return this.call('reader', path, options, check, async () => {
      const stream = await this.#inner.reader(path, offset, options)
      if (options.signal?.aborted) stream.destroy()
      options.signal?.throwIfAborted()
      translateErrors(stream, error => this.#translate(error, path, options.signal))
      return options.signal ? addAbortSignal(options.signal, stream) : stream
    })
  }

  writer(path: string, options: WriteOptions = {}): Promise<UploadWriter> {
    const { append = false, destination = path, known, signal } = options
    const check = (): void => {
      assertPath(path)
      assertPath(destination)
    }
    return this.call('writer', path, options, check, async () => {
      const upload = await this.#inner.writer(path, append, {
        signal,
        ...(destination === path ? {} : { destination }),
        ...(append && known ? { known } : {}),
      })
      if (options.signal?.aborted) await upload.release()
      options.signal?.throwIfAborted()
      const duties = {
        guard: <T>(operation: string, call: () => Promise<T>): Promise<T> =>
          this.call(operation, path, {}, assertPath, call),
        translate: (error: unknown): Error => this.#translate(error, path, options.signal),
      }
      return new UploadWriter(upload, duties, options.signal)
    })
  }

  stat(path: string, options: StatOptions = {}): Promise<FileInfo> {
    return this.call('stat', path, options, assertDirectoryPath, async () => {
      const info = await this.#inner.stat(path, options)
      if (info && !(info.isDirectory && options.fileOnly && path !== root)) return info
      if (path === root) return { path, size: 0, modifiedAt: new Date(0), isDirectory: true }
      throw pathNotFound(path)
    })
  }

  list(path: string, options: CallOptions = {}): Promise<string[]> {
    return this.call('list', path, options, assertDirectoryPath, async () => {
      const children = (await this.#inner.list(path, options)) ?? []
      if (children.length === 0 && path !== root) throw pathNotFound(path)
      return children.toSorted(byteOrder)
    })
  }

  async *walk(path: string, options: WalkOptions = {}): AsyncIterable<FileInfo> {
    await this.call('walk', path, options, assertWalk(options), async () => {})
    const entries = this.#inner.walk?.(path, options) ?? walkByListing(this.#inner, path, options)
    try {
      for await (const entry of entries) {
        options.signal?.throwIfAborted()
        yield entry
      }
    } catch (error) {
      throw this.#translate(error, path, options.signal)
    }
  }

  move(source: string, destination: string, options: MoveOptions = {}): Promise<void> {
    const check = (): void => {
      assertPath(source)
      assertPath(destination)
    }
    return this.call('move', source, options, check, async () => {
      if (source !== destination) return this.#inner.move(source, destination, options)
      const info = await this.#inner.stat(source, { signal: options.signal, fileOnly: true })
      if (!info || info.isDirectory) throw pathNotFound(source)
      if (options.revision !== undefined && options.revision !== info.revision) throw revisionMismatch(source)
    })
  }

  delete(path: string, options: DeleteOptions = {}): Promise<void> {
    return this.call('delete', path, options, assertPath, () => this.#inner.delete(path, options))
  }

  urlFor(path: string, options: UrlOptions = {}): Promise<SignedUrl | undefined> {
    const method = options.method ?? 'GET'
    return this.call('urlFor', path, options, assertPath, async () =>
      method === 'GET' || method === 'HEAD' ? this.#inner.urlFor?.(path, { ...options, method }) : undefined,
    )
  }

  keyFor(path: string): string {
    try {
      assertPath(path)
      return this.#inner.keyFor?.(path) ?? path.slice(1)
    } catch (error) {
      throw this.#translate(error, path, undefined)
    }
  }

  purgeUploads(options: PurgeOptions): Promise<PurgeResult> {
    const path = options.path ?? root
    return this.call('purgeUploads', path, options, assertDirectoryPath, () =>
      this.#inner.purgeUploads(options.olderThan, path, options),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#close()
    return this.#disposal
  }

  async call<T>(
    operation: string,
    path: string,
    options: CallOptions,
    check: (path: string) => void,
    call: () => Promise<T>,
  ): Promise<T> {
    if (this.#disposal) {
      throw toStorageError(new StorageError('DISPOSED', 'the driver has been disposed of'), this.name, path)
    }
    try {
      options.signal?.throwIfAborted()
      check(path)
      return await traced(this.name, operation, path, call, error => this.#translate(error, path, options.signal))
    } catch (error) {
      throw this.#translate(error, path, options.signal)
    }
  }

  async #close(): Promise<void> {
    try {
      await this.#inner.close?.()
    } catch (error) {
      throw toStorageError(error, this.name)
    }
  }

  /** What the caller gets to see of an error. An abort shows as the signal's own reason, whatever the storage made of it. */
  #translate(error: unknown, path: string, signal: AbortSignal | undefined): Error {
    if (signal?.aborted) return signal.reason as Error
    const explained = error instanceof StorageError ? error : (this.#inner.mapError?.(error, path) ?? error)
    return toStorageError(explained, this.name, path)
  }
}

const byteOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function assertOffset(offset: number, path: string): void {
  if (Number.isSafeInteger(offset) && offset >= 0) return
  const detail = `invalid offset: ${offset} for path: ${path}; accepted: a whole number of bytes, 0 or more`
  throw new StorageError('INVALID_ARGUMENT', detail, { path })
}

function assertWalk(options: WalkOptions): (path: string) => void {
  return path => {
    assertDirectoryPath(path)
    if (options.startAfter !== undefined) assertDirectoryPath(options.startAfter.replace(/(?<=.)\/$/, ''))
  }
}

/** Errors that a stream meets later go through `translate` too, without another stream in between. */
function translateErrors(stream: Readable, translate: (error: unknown) => Error): void {
  const destroy = stream._destroy.bind(stream)
  stream._destroy = (error, callback) => {
    destroy(error, after => callback(after ? translate(after) : after))
  }
}
