export * from './contract/storage-driver.ts'
export {
  StorageError,
  type StorageErrorCode,
  type StorageErrorInit,
  isStorageError,
  revisionMismatch,
  pathNotFound,
  toStorageError,
} from './contract/errors.ts'
export {
  assertDirectoryPath,
  assertPath,
  childPath,
  isPathComponent,
  isRelativePath,
  parentPath,
  root,
  walkPosition,
} from './contract/paths.ts'
export type { DriverImplementation } from './authoring/driver-implementation.ts'
export type { Upload } from './authoring/upload-writer.ts'
export {
  type DriverDefinition,
  type DriverFactory,
  type RunOperation,
  defineDriver,
} from './authoring/define-driver.ts'
export {
  ForwardingDriver,
  type Middleware,
  type MiddlewareDefinition,
  type MiddlewareFactory,
  compose,
  defineMiddleware,
} from './middleware/define-middleware.ts'
export { filesystem } from './drivers/filesystem/driver.ts'
export { inmemory } from './drivers/inmemory/driver.ts'
export { redirect } from './middleware/redirect.ts'
export { rewrite } from './middleware/rewrite.ts'
export { type OperationTrace, operationChannel } from './authoring/diagnostics.ts'
export { walkEntry } from './authoring/walk-by-listing.ts'
export * as option from './options/option.ts'
export { type OptionsOrigin, type OptionsSchema, checkOptions } from './options/check-options.ts'
export { ConfigError, type ConfigIssue, optionError } from './options/config-error.ts'
export { createStorage, loadConfig } from './config/load-lazily.ts'
export type { Config } from './config/config.ts'
export type { Environment } from './config/environment.ts'
export type { LoadPackage } from './config/find-factory.ts'
export type { ResolveOptions } from './config/resolve-stack.ts'
