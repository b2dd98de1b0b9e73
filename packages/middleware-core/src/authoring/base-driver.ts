import { Readable, addAbortSignal } from 'node:stream'
import type {
  CallOptions,
  DeleteOptions,
  MoveOptions,
  PurgeOptions,
  PutOptions,
  PutStreamOptions,
  ReadOptions,
  StatOptions,
  WalkOptions,
  WriteConditions,
  WriteOptions,
} from '../contract/call-options.ts'
import { type Capabilities, noCapabilities } from '../contract/capabilities.ts'
import type {
  DirectUpload,
  DirectUploadOptions,
  UploadForm,
  UploadFormOptions,
  UploadRequest,
  UploadUrlOptions,
} from '../contract/direct-upload.ts'
import {
  StorageError,
  isStorageError,
  pathNotFound,
  revisionMismatch,
  toStorageError,
  undefinedIfNotFound,
} from '../contract/errors.ts'
import type { FileInfo, PurgeResult, WriteResult } from '../contract/file-info.ts'
import { assertDirectoryPath, assertPath, compareBytes, root } from '../contract/paths.ts'
import type { SignedUrl, UrlOptions } from '../contract/signed-url.ts'
import type { StorageDriver } from '../contract/storage-driver.ts'
import { allowListeners } from './abort.ts'
import * as check from './check-arguments.ts'
import { traced } from './diagnostics.ts'
import { CheckedDirectUpload } from './direct-upload.ts'
import type { DriverImplementation } from './driver-implementation.ts'
import { implementationSymbol } from './implementation-of.ts'
import { resolveMetadata } from './media-type.ts'
import { putByWriter, toReadable } from './put-stream.ts'
import { UploadWriter } from './upload-writer.ts'
import { walkByListing } from './walk-by-listing.ts'

/** Wraps an implementation in the rules of the contract that hold for every driver. */
export function driverFrom(
  name: string,
  implementation: DriverImplementation,
  capabilities: Partial<Capabilities> = {},
): StorageDriver {
  return new BaseDriver(name, implementation, { ...noCapabilities, ...capabilities })
}

/** The contract around an author's {@link DriverImplementation}. */
class BaseDriver implements StorageDriver {
  readonly name: string
  readonly capabilities: Capabilities
  readonly [implementationSymbol]: DriverImplementation
  readonly #inner: DriverImplementation
  #disposal: Promise<void> | undefined

  constructor(name: string, implementation: DriverImplementation, capabilities: Capabilities) {
    this.name = name
    this.capabilities = Object.freeze(capabilities)
    this[implementationSymbol] = implementation
    this.#inner = implementation
  }

  getContent(path: string, options: CallOptions = {}): Promise<Uint8Array> {
    return this.#run('getContent', path, options, assertPath, () => this.#inner.getContent(path, options))
  }

  putContent(path: string, content: Uint8Array | string, options: PutOptions = {}): Promise<WriteResult> {
    const checkAll = (): void => this.#checkPut('put', path, options)
    return this.#run('putContent', path, options, checkAll, async () => {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      return this.#inner.putContent(path, bytes, await resolveMetadata(path, options))
    })
  }

  putStream(
    path: string,
    source: Readable | AsyncIterable<Uint8Array>,
    options: PutStreamOptions = {},
  ): Promise<WriteResult> {
    const stream = toReadable(source)
    const checkAll = (): void => this.#checkPut('commit', path, options)
    const stored = this.#run('putStream', path, options, checkAll, async () => {
      if (options.signal) addAbortSignal(options.signal, stream)
      const resolved = await resolveMetadata(path, options)
      if (this.#inner.putStream) return this.#inner.putStream(path, stream, resolved)
      return putByWriter(stream, options, async () => this.#openWriter(path, resolved))
    })
    return stored.finally(() => stream.destroy())
  }

  reader(path: string, options: ReadOptions = {}): Promise<Readable> {
    const checkAll = (): void => {
      check.checkRead(options)
      assertPath(path)
      this.#requireCapability('revisions', options.ifRevision)
    }
    return this.#run('reader', path, options, checkAll, async () => {
      const { offset = 0, signal } = options
      const stream = await this.#inner.reader(path, { ...options, offset })
      if (signal?.aborted) stream.destroy()
      signal?.throwIfAborted()
      translateErrors(stream, error => this.#translate(error, path, signal))
      return signal ? addAbortSignal(signal, stream) : stream
    })
  }

  writer(path: string, options: WriteOptions = {}): Promise<UploadWriter> {
    const checkAll = (): void => {
      check.checkWrite(options)
      assertPath(path)
      if (options.destination !== undefined) assertPath(options.destination)
      this.#requireCapability('metadata', options.metadata)
    }
    return this.#run('writer', path, options, checkAll, async () => {
      // The type is that of the file's name, which is the destination's.
      const { metadata } = await resolveMetadata(options.destination ?? path, options)
      return this.#openWriter(path, { ...options, metadata })
    })
  }

  stat(path: string, options: StatOptions = {}): Promise<FileInfo> {
    return this.#run('stat', path, options, assertDirectoryPath, async () => {
      const found = this.#inner.stat(path, options).catch((error: unknown) => {
        throw this.#toStorageError(error, path)
      })
      const info = await undefinedIfNotFound(found)
      if (info && !(info.isDirectory && options.fileOnly && path !== root)) return info
      if (path === root) return { path, size: 0, modifiedAt: new Date(0), isDirectory: true }
      throw pathNotFound(path)
    })
  }

  list(path: string, options: CallOptions = {}): Promise<string[]> {
    return this.#run('list', path, options, assertDirectoryPath, async () => {
      const children = await this.#inner.list(path, options)
      if (children.length === 0 && path !== root) throw pathNotFound(path)
      return children.toSorted(compareBytes)
    })
  }

  async *walk(path: string, options: WalkOptions = {}): AsyncIterable<FileInfo> {
    const checkAll = (): void => {
      check.checkWalk(options)
      assertDirectoryPath(path)
    }
    await this.#run('walk', path, options, checkAll, async () => {})
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
    const checkAll = (): void => {
      check.checkMove(options)
      assertPath(source)
      assertPath(destination)
      this.#requireCapability('revisions', options.ifRevision)
    }
    return this.#run('move', source, options, checkAll, async () => {
      if (source !== destination) return this.#inner.move(source, destination, options)
      const info = await this.#inner.stat(source, { signal: options.signal, fileOnly: true })
      if (info.isDirectory) throw pathNotFound(source)
      if (options.ifRevision !== undefined && options.ifRevision !== info.revision) throw revisionMismatch(source)
    })
  }

  delete(path: string, options: DeleteOptions = {}): Promise<void> {
    const checkAll = (): void => {
      check.checkDelete(options)
      assertPath(path)
      this.#requireCapability('deleteIfRevision', options.ifRevision)
    }
    return this.#run('delete', path, options, checkAll, () => this.#inner.delete(path, options))
  }

  urlFor(path: string, options: UrlOptions = {}): Promise<SignedUrl | undefined> {
    const method = options.method ?? 'GET'
    const checkAll = (): void => {
      check.checkUrl(options)
      assertPath(path)
    }
    return this.#run('urlFor', path, options, checkAll, async () => {
      const { urls, downloads } = this.capabilities
      const isPossible = (method === 'GET' || method === 'HEAD') && urls && (downloads || !options.download)
      return isPossible ? this.#inner.urlFor?.(path, { ...options, method }) : undefined
    })
  }

  uploadUrlFor(path: string, options: UploadUrlOptions): Promise<UploadRequest> {
    const checkAll = (): void => {
      this.#checkUploadUrl(path, options)
      this.#requireCapability('putIfAbsent', options.ifAbsent || undefined)
    }
    return this.#run('uploadUrlFor', path, options, checkAll, async () =>
      this.#method('uploadUrlFor', 'uploadUrls')(path, await resolveMetadata(path, options)),
    )
  }

  uploadFormFor(path: string, options: UploadFormOptions): Promise<UploadForm> {
    const checkAll = (): void => this.#checkUploadUrl(path, options)
    return this.#run('uploadFormFor', path, options, checkAll, async () =>
      this.#method('uploadFormFor', 'uploadForms')(path, await resolveMetadata(path, options)),
    )
  }

  directUpload(path: string, options: DirectUploadOptions): Promise<DirectUpload> {
    const checkAll = (): void => {
      check.checkDirectUpload(options)
      assertPath(path)
      if ('id' in options) return
      if (options.destination !== undefined) assertPath(options.destination)
      this.#requireCapability('metadata', options.metadata)
    }
    return this.#run('directUpload', path, options, checkAll, async () => {
      const start = this.#method('directUpload', 'directUploads')
      const upload = await start(
        path,
        'id' in options ? options : await resolveMetadata(options.destination ?? path, options),
      )
      return new CheckedDirectUpload(upload, {
        run: (operation, call, checkCall, run) => this.#run(operation, path, call, checkCall, run),
        requireConditions: conditions => this.#requireConditions('commit', conditions),
      })
    })
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
    const checkAll = (): void => {
      check.checkPurge(options)
      assertDirectoryPath(path)
    }
    return this.#run('purgeUploads', path, options, checkAll, () => this.#inner.purgeUploads({ ...options, path }))
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#close()
    return this.#disposal
  }

  /** Runs one call: disposal, abort, arguments, diagnostics, and the names and kinds of errors. */
  async #run<T>(
    operation: string,
    path: string,
    options: CallOptions,
    checkAll: (path: string) => void,
    call: () => Promise<T>,
  ): Promise<T> {
    if (this.#disposal) {
      throw toStorageError(new StorageError('DISPOSED', 'the driver has been disposed of'), this.name, path)
    }
    try {
      options.signal?.throwIfAborted()
      if (options.signal) allowListeners(options.signal)
      checkAll(path)
      return await traced(this.name, operation, path, call, error => this.#translate(error, path, options.signal))
    } catch (error) {
      throw this.#translate(error, path, options.signal)
    }
  }

  async #openWriter(
    path: string,
    { append = false, destination = path, ...options }: Parameters<DriverImplementation['writer']>[1] | WriteOptions,
  ): Promise<UploadWriter> {
    const { signal } = options
    const upload = await this.#inner.writer(path, {
      signal,
      append,
      ...(destination === path ? {} : { destination }),
      ...(options.metadata ? { metadata: options.metadata } : {}),
    })
    if (signal?.aborted) await upload.release()
    signal?.throwIfAborted()
    const hooks = {
      run: <T>(operation: string, call: () => Promise<T>): Promise<T> =>
        this.#run(operation, path, {}, assertPath, call),
      translate: (error: unknown): Error => this.#translate(error, path, signal),
      requireConditions: (conditions: WriteConditions): void => this.#requireConditions('commit', conditions),
    }
    return new UploadWriter(upload, hooks, signal)
  }

  #checkPut(write: 'put' | 'commit', path: string, options: PutOptions): void {
    check.checkPut(options)
    assertPath(path)
    this.#requireCapability('metadata', options.metadata)
    this.#requireConditions(write, options)
  }

  #checkUploadUrl(path: string, options: UploadUrlOptions | UploadFormOptions): void {
    check.checkUploadUrl(options)
    assertPath(path)
    this.#requireCapability('metadata', options.metadata)
  }

  #requireConditions(write: 'put' | 'commit', { ifAbsent, ifRevision }: WriteConditions): void {
    this.#requireCapability(`${write}IfAbsent`, ifAbsent || undefined)
    this.#requireCapability(`${write}IfRevision`, ifRevision)
  }

  /** Refuses an option that was given and needs a capability which the driver does not have. */
  #requireCapability(capability: keyof Capabilities, option: unknown): void {
    if (option !== undefined && this.capabilities[capability] === false) throw this.#unsupported(capability)
  }

  #method<Name extends 'uploadUrlFor' | 'uploadFormFor' | 'directUpload'>(
    name: Name,
    capability: keyof Capabilities,
  ): NonNullable<DriverImplementation[Name]> {
    const method = this.#inner[name]
    if (!method || this.capabilities[capability] === false) throw this.#unsupported(capability)
    return method.bind(this.#inner) as NonNullable<DriverImplementation[Name]>
  }

  #unsupported(capability: keyof Capabilities): StorageError {
    return new StorageError('UNSUPPORTED', `the driver does not have the capability ${capability}`)
  }

  async #close(): Promise<void> {
    try {
      await this.#inner.close?.()
    } catch (error) {
      throw toStorageError(error, this.name)
    }
  }

  /** Error as the caller gets to see it. An abort shows as the signal's own reason, whatever the storage made of it. */
  #translate(error: unknown, path: string, signal: AbortSignal | undefined): Error {
    if (signal?.aborted) return signal.reason as Error
    return this.#toStorageError(error, path)
  }

  #toStorageError(error: unknown, path: string): StorageError {
    const mapped = isStorageError(error) ? error : (this.#inner.mapError?.(error, path) ?? error)
    return toStorageError(mapped, this.name, path)
  }
}

/** Errors that a stream meets later go through `translate` too, without another stream in between. */
function translateErrors(stream: Readable, translate: (error: unknown) => Error): void {
  const destroy = stream._destroy.bind(stream)
  stream._destroy = (error, callback) => {
    destroy(error, after => callback(after ? translate(after) : after))
  }
}
