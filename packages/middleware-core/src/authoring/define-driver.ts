import type * as z from 'zod/mini'
import type { Capabilities } from '../contract/capabilities.ts'
import type { StorageDriver } from '../contract/storage-driver.ts'
import { type FactoryArguments, type OptionsSchema, checkOptions } from '../options/check-options.ts'
import { driverFrom } from './base-driver.ts'
import type { DriverImplementation } from './driver-implementation.ts'

/** Description of a driver, from which configuration files make one by its name and programs by its factory. */
export interface DriverDefinition<Schema extends OptionsSchema = OptionsSchema> {
  readonly name: string
  readonly options: Schema
  /** Abilities beyond what every driver has; those left out are missing. A function where they depend on the options. */
  readonly capabilities?: Partial<Capabilities> | ((options: z.output<Schema>) => Partial<Capabilities>)
  create(options: z.output<Schema>): DriverImplementation
}

/** Makes a driver from options as a program writes them; they are checked like those of a configuration file. */
export interface DriverFactory<Options = Record<string, unknown>> {
  (...[options]: FactoryArguments<Options>): StorageDriver
  readonly kind: 'driver'
  readonly definition: { readonly name: string; readonly options: OptionsSchema }
}

/**
 * Makes a driver's factory from what its author writes, adding the rules that hold for every driver: checked options, path and argument
 * rules, capabilities, error kinds and names, aborts, the writer's states, diagnostics and disposal. A package that
 * default-exports the factory can be named in a configuration file.
 *
 * Editors show no comments of a schema's properties, so give the factory the type of an interface whose properties have them.
 *
 * @example
 * export interface RedisOptions {
 *   url: string
 * }
 *
 * export const redis: DriverFactory<RedisOptions> = defineDriver({
 *   name: 'redis',
 *   options: z.object({ url: option.text() }),
 *   create: ({ url }) => new RedisDriver(url),             // a class that implements DriverImplementation
 * })
 */
export function defineDriver<Schema extends OptionsSchema, Options extends z.input<Schema> = z.input<Schema>>(
  definition: DriverDefinition<Schema>,
): DriverFactory<Options> {
  const { name, options: schema, capabilities = {} } = definition
  const factory = (...[options]: FactoryArguments<Options>): StorageDriver => {
    const checked = checkOptions(schema, options ?? {}, { where: `${name} options` })
    const declared = typeof capabilities === 'function' ? capabilities(checked) : capabilities
    return driverFrom(name, definition.create(checked), declared)
  }
  return Object.assign(factory, { kind: 'driver' as const, definition: { name, options: schema } })
}
