export * from './driver.ts'
export { StorageError, type StorageErrorCode, type StorageErrorInit, isStorageError, pathNotFound } from './errors.ts'
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
export { type OperationTrace, operationChannel } from './diagnostics.ts'
export { visit } from './walk.ts'
export * as option from './config/option.ts'
export { type OptionsOrigin, type OptionsSchema, checkOptions } from './config/check-options.ts'
export { ConfigError, type ConfigIssue, optionError } from './config/config-error.ts'
