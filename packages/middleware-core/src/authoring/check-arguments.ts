import type {
  CommitOptions,
  DeleteOptions,
  PurgeOptions,
  ReadOptions,
  WalkOptions,
  WriteOptions,
} from '../contract/call-options.ts'
import type { DirectUploadOptions, PartUrlOptions, SizeRange } from '../contract/direct-upload.ts'
import { StorageError } from '../contract/errors.ts'
import type { NewFileMetadata } from '../contract/metadata.ts'
import { assertDirectoryPath } from '../contract/paths.ts'
import type { UrlOptions } from '../contract/signed-url.ts'
import { assertMetadata } from './check-metadata.ts'

/*
 * Checks of everything that crosses the contract beside paths. They run before anything else does, for every driver, so
 * that a date which is none, say, never reaches a purge.
 */

export function checkRead({ offset, length }: ReadOptions): void {
  assertBytes('offset', offset)
  assertBytes('length', length)
}

export function checkWrite({ append, metadata }: WriteOptions): void {
  if (append && metadata !== undefined) {
    throw invalidArgument('metadata', 'metadata beside append', 'metadata when the upload starts')
  }
  assertMetadata(metadata)
}

export function checkPut({
  metadata,
  ...conditions
}: CommitOptions & { metadata?: NewFileMetadata | undefined }): void {
  assertMetadata(metadata)
  checkConditions(conditions)
}

export function checkConditions({ ifAbsent, ifRevision }: CommitOptions): void {
  if (ifAbsent && ifRevision !== undefined) {
    throw invalidArgument('ifRevision', 'a revision beside ifAbsent', 'one of the two')
  }
}

export function checkDelete({ fileOnly, ifRevision }: DeleteOptions): void {
  if (ifRevision !== undefined && !fileOnly) {
    throw invalidArgument('ifRevision', 'a revision without fileOnly', 'a revision with fileOnly: true')
  }
}

export function checkWalk({ startAfter }: WalkOptions): void {
  if (startAfter !== undefined) assertDirectoryPath(startAfter.replace(/(?<=.)\/$/, ''))
}

export function checkMove({ size }: { size?: number | undefined }): void {
  assertBytes('size', size)
}

export function checkPurge({ olderThan }: PurgeOptions): void {
  if (olderThan instanceof Date && Number.isFinite(olderThan.getTime())) return
  throw invalidArgument('olderThan', olderThan instanceof Date ? 'an invalid date' : show(olderThan), 'a Date')
}

export function checkUrl({ expiresIn, size, download }: UrlOptions): void {
  assertSeconds(expiresIn)
  assertBytes('size', size)
  const { disposition } = download ?? {}
  if (disposition !== undefined && disposition !== 'attachment' && disposition !== 'inline') {
    throw invalidArgument('download.disposition', show(disposition), 'attachment or inline')
  }
}

export function checkUploadUrl(options: {
  size: number | SizeRange
  sha256?: string | undefined
  expiresIn?: number | undefined
  metadata?: NewFileMetadata | undefined
}): void {
  if (typeof options.size === 'object') {
    const { min = 0, max } = options.size
    assertBytes('size.min', min)
    assertBytes('size.max', max, min)
  } else assertBytes('size', options.size, 0)
  checkPartUrl(options)
  assertMetadata(options.metadata)
}

export function checkDirectUpload(options: DirectUploadOptions): void {
  if ('id' in options) {
    if (typeof options.id === 'string' && /^[\w-]{1,2048}$/.test(options.id)) return
    throw invalidArgument('id', show(options.id), 'the id of a direct upload')
  }
  assertBytes('size', options.size, 1)
  if (options.partSize !== undefined) assertBytes('partSize', options.partSize, 1)
  assertMetadata(options.metadata)
}

export function checkPartUrl({ sha256, expiresIn }: PartUrlOptions): void {
  assertSeconds(expiresIn)
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw invalidArgument('sha256', show(sha256), '64 hexadecimal digits')
  }
}

/** Creates the `INVALID_ARGUMENT` error that says what was found and what is accepted. */
export function invalidArgument(name: string, found: string, accepted: string): StorageError {
  return new StorageError('INVALID_ARGUMENT', `invalid ${name}: ${found}; accepted: ${accepted}`)
}

/** Refuses `undefined`, too, where there is a `min`. */
function assertBytes(name: string, value: number | undefined, min?: number): void {
  if (value === undefined && min === undefined) return
  if (Number.isSafeInteger(value) && (value as number) >= (min ?? 0)) return
  throw invalidArgument(name, show(value), `a whole number of bytes, ${min ?? 0} or more`)
}

function assertSeconds(expiresIn: number | undefined): void {
  if (expiresIn === undefined || (Number.isFinite(expiresIn) && expiresIn > 0)) return
  throw invalidArgument('expiresIn', show(expiresIn), 'a number of seconds, more than 0')
}

function show(value: unknown): string {
  return typeof value === 'number' || value === undefined ? `${value}` : `a value of type ${typeof value}`
}
