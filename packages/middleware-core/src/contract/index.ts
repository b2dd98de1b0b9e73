export type {
  CallOptions,
  CommitOptions,
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
} from './call-options.ts'
export { type Capabilities, type Capability, noCapabilities } from './capabilities.ts'
export type {
  DirectUpload,
  DirectUploadOptions,
  DirectUploadPart,
  PartUrlOptions,
  ResumeDirectUploadOptions,
  SizeRange,
  StartDirectUploadOptions,
  UploadForm,
  UploadFormOptions,
  UploadRequest,
  UploadUrlOptions,
} from './direct-upload.ts'
export {
  StorageError,
  type StorageErrorCode,
  type StorageErrorInit,
  fileExists,
  isStorageError,
  pathNotFound,
  revisionMismatch,
  toStorageError,
  undefinedIfNotFound,
} from './errors.ts'
export type { FileInfo, PurgeResult, WriteResult } from './file-info.ts'
export type { FileWriter } from './file-writer.ts'
export type { FileMetadata, NewFileMetadata } from './metadata.ts'
export {
  assertDirectoryPath,
  assertPath,
  childPath,
  compareBytes,
  isBelow,
  isPathComponent,
  isRelativePath,
  parentPath,
  root,
  walkPosition,
} from './paths.ts'
export type { DownloadOptions, SignedUrl, UrlClient, UrlOptions } from './signed-url.ts'
export { type StorageDriver, keyOf } from './storage-driver.ts'
