import type * as z from 'zod/mini'
import type { StorageDriver } from '../contract/index.ts'
import { type FactoryArguments, type OptionsSchema, checkOptions } from '../options/check-options.ts'
import type { Middleware } from './compose.ts'

/** Description of a middleware, from which configuration files make one by its name and programs by its factory. */
export interface MiddlewareDefinition<Schema extends OptionsSchema = OptionsSchema> {
  readonly name: string
  readonly options: Schema
  wrap(driver: StorageDriver, options: z.output<Schema>): StorageDriver
}

/** Makes a middleware from options as a program writes them; they are checked like those of a configuration file. */
export interface MiddlewareFactory<Options = Record<string, unknown>> {
  (...[options]: FactoryArguments<Options>): Middleware
  readonly kind: 'middleware'
  readonly definition: { readonly name: string; readonly options: OptionsSchema }
}

/**
 * Makes a middleware's factory. A package that default-exports the factory can be named in a configuration file. Options
 * that editors explain have a type of their own, as {@link defineDriver} shows.
 *
 * @example
 * export const readOnly = defineMiddleware({
 *   name: 'readonly',
 *   options: z.object({}),
 *   wrap: driver => new (class extends ForwardingDriver {
 *     override putContent() { return Promise.reject(new StorageError('UNSUPPORTED', 'read only')) }
 *   })(driver),
 * })
 */
export function defineMiddleware<Schema extends OptionsSchema, Options extends z.input<Schema> = z.input<Schema>>(
  definition: MiddlewareDefinition<Schema>,
): MiddlewareFactory<Options> {
  const { name, options: schema } = definition
  const factory = (...[options]: FactoryArguments<Options>): Middleware => {
    const checked = checkOptions(schema, options ?? {}, { where: `${name} options` })
    return driver => definition.wrap(driver, checked)
  }
  return Object.assign(factory, { kind: 'middleware' as const, definition: { name, options: schema } })
}
