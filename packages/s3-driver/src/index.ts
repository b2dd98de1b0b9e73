export { s3, s3 as default } from './s3.ts'
export type { LogLevel, ObjectAcl, S3Options, StorageClass } from './options.ts'
export { type S3RequestTrace, type UploadMemoryTrace, s3RequestChannel, uploadMemoryChannel } from './diagnostics.ts'
