import type { Readable } from 'node:stream'
import type * as z from 'zod/mini'
import { type OptionsSchema, checkOptions } from '../options/check-options.ts'
import {
  type CallOptions,
  type DeleteOptions,
  type FileInfo,
  type FileWriter,
  type MoveOptions,
  type ReadOptions,
  type SignedUrl,
  type StatOptions,
  type StorageDriver,
  type PurgeOptions,
  type PurgeResult,
  type UrlOptions,
  type WalkOptions,
  type WriteOptions,
  keyOf,
} from '../contract/storage-driver.ts'

/** Wraps one driver in another. */
export type Middleware = (driver: StorageDriver) => StorageDriver

/** How a middleware is made: from a configuration file by its name, or from a program by its factory. */
export interface MiddlewareDefinition<Schema extends OptionsSchema = OptionsSchema> {
  readonly name: string
  readonly options: Schema
  wrap(driver: StorageDriver, options: z.output<Schema>): StorageDriver
}

/** Makes a middleware from options as a program writes them; they are checked like those of a configuration file. */
export interface MiddlewareFactory<Schema extends OptionsSchema = OptionsSchema> {
  (options: z.input<Schema>): Middleware
  readonly kind: 'middleware'
  readonly definition: { readonly name: string; readonly options: Schema }
}

/**
 * Makes a middleware's factory. A package that default-exports the factory can be named in a configuration file.
 *
 * ```ts
 * export const readOnly = defineMiddleware({
 *   name: 'readonly',
 *   options: z.object({}),
 *   wrap: driver => new (class extends ForwardingDriver {
 *     override putContent() { return Promise.reject(new StorageError('UNSUPPORTED', 'read only')) }
 *   })(driver),
 * })
 * ```
 */
export function defineMiddleware<Schema extends OptionsSchema>(
  definition: MiddlewareDefinition<Schema>,
): MiddlewareFactory<Schema> {
  const { name, options: schema } = definition
  const factory = (options: z.input<Schema>): Middleware => {
    const checked = checkOptions(schema, options, { where: `${name} options` })
    return driver => definition.wrap(driver, checked)
  }
  return Object.assign(factory, { kind: 'middleware' as const, definition: { name, options: schema } })
}

/** Stacks middlewares on a driver. The first is innermost; calls enter at the last, as in a registry's `config.yml`. */
export function compose(driver: StorageDriver, ...middlewares: Middleware[]): StorageDriver {
  return middlewares.reduce((inner, middleware) => middleware(inner), driver)
}

/**
 * Forwards everything to the driver it wraps, so that a middleware overrides only what it changes.
 *
 * One that maps paths has to map each of them: both of `move`, the `destination` of `writer`, `startAfter` of `walk` and
 * `path` of `sweep`, and on the way back those that `list`, `stat`, `walk` and errors name.
 */
export class ForwardingDriver implements StorageDriver {
  protected readonly inner: StorageDriver

  constructor(inner: StorageDriver) {
    this.inner = inner
  }

  get name(): string {
    return this.inner.name
  }

  getContent(path: string, options?: CallOptions): Promise<Uint8Array> {
    return this.inner.getContent(path, options)
  }

  putContent(path: string, content: Uint8Array | string, options?: CallOptions): Promise<void> {
    return this.inner.putContent(path, content, options)
  }

  reader(path: string, options?: ReadOptions): Promise<Readable> {
    return this.inner.reader(path, options)
  }

  writer(path: string, options?: WriteOptions): Promise<FileWriter> {
    return this.inner.writer(path, options)
  }

  stat(path: string, options?: StatOptions): Promise<FileInfo> {
    return this.inner.stat(path, options)
  }

  list(path: string, options?: CallOptions): Promise<string[]> {
    return this.inner.list(path, options)
  }

  walk(path: string, options?: WalkOptions): AsyncIterable<FileInfo> {
    return this.inner.walk(path, options)
  }

  move(source: string, destination: string, options?: MoveOptions): Promise<void> {
    return this.inner.move(source, destination, options)
  }

  delete(path: string, options?: DeleteOptions): Promise<void> {
    return this.inner.delete(path, options)
  }

  urlFor(path: string, options?: UrlOptions): Promise<SignedUrl | undefined> {
    return this.inner.urlFor(path, options)
  }

  keyFor(path: string): string {
    return keyOf(this.inner, path)
  }

  purgeUploads(options: PurgeOptions): Promise<PurgeResult> {
    return this.inner.purgeUploads(options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.inner[Symbol.asyncDispose]()
  }
}
