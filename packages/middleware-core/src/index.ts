export * from './driver.ts'
export {
  StorageError,
  type StorageErrorCode,
  type StorageErrorInit,
  isStorageError,
  otherRevision,
  pathNotFound,
  toStorageError,
} from './errors.ts'
export {
  assertDirectoryPath,
  assertPath,
  childPath,
  isPathComponent,
  isRelativePath,
  parentPath,
  root,
  walkPosition,
} from './path.ts'
export type { DriverImplementation } from './driver-implementation.ts'
export type { Upload } from './file-writer.ts'
export { type DriverDefinition, type DriverFactory, type DutifulCall, defineDriver } from './define-driver.ts'
export {
  ForwardingDriver,
  type Middleware,
  type MiddlewareDefinition,
  type MiddlewareFactory,
  compose,
  defineMiddleware,
} from './middleware.ts'
export { filesystem } from './drivers/filesystem.ts'
export { inmemory } from './drivers/inmemory.ts'
export { redirect } from './middleware/redirect.ts'
export { rewrite } from './middleware/rewrite.ts'
export { type OperationTrace, operationChannel } from './diagnostics.ts'
export { visit } from './walk.ts'
export * as option from './options/option.ts'
export { type OptionsOrigin, type OptionsSchema, checkOptions } from './options/check-options.ts'
export { ConfigError, type ConfigIssue, optionError } from './options/config-error.ts'
export { createStorage, loadConfig } from './configured.ts'
export type { Config } from './config/config.ts'
export type { Environment } from './config/environment.ts'
export type { LoadPackage } from './config/find-factory.ts'
export type { ResolveOptions } from './config/resolve-stack.ts'
