import type { StorageDriver } from '../../contract/index.ts'
import type { UploadedBytes } from './uploaded-bytes.ts'

/**
 * One step of a random sequence. Paths are below the test's directory and begin with a slash; the directory itself is the
 * empty path. `seed` decides the bytes of a content.
 */
export type Operation =
  | { kind: 'putContent'; path: string; size: number; seed: number }
  | Upload
  | { kind: 'getContent'; path: string }
  | { kind: 'reader'; path: string; offset: number }
  | { kind: 'stat'; path: string; fileOnly: boolean }
  | { kind: 'list'; path: string }
  | { kind: 'walk'; path: string; startAfter: string | undefined; without: readonly string[] }
  | { kind: 'move'; source: string; destination: string }
  | { kind: 'delete'; path: string; fileOnly: boolean }
  | { kind: 'switch to another driver' }

/** An upload, or a part of one, by one writer. */
export interface Upload {
  readonly kind: 'upload'
  readonly path: string
  /** The path itself, where it is none in particular. */
  readonly destination: string
  readonly append: boolean
  readonly sizes: readonly number[]
  readonly seed: number
  readonly end: UploadEnd
}

/** End of an upload after its last write. */
export type UploadEnd = 'close' | 'commit' | 'close and commit' | 'cancel'

/** Result of an operation: a value to compare, or an error's code. */
export type Outcome = { value: unknown } | { error: string }

/** Driver that operations call, directory below which they work, and files that they have left there. */
export interface OperationTarget {
  readonly driver: StorageDriver
  readonly directory: string
  readonly uploads: UploadedBytes
}

/** Describes the operation in a line of a report. */
export function describe({ kind, ...details }: Operation): string {
  const shown = Object.entries(details).map(([name, value]) => `${name} ${JSON.stringify(value) ?? 'undefined'}`)
  return [kind, shown.join(', ')].filter(Boolean).join(': ')
}
