import type { StorageDriver } from '../../driver.ts'

/**
 * One step of a random sequence. Paths are below the test's directory and begin with a slash; the directory itself is the
 * empty path. `seed` decides the bytes of a content.
 */
export type Operation =
  | { kind: 'putContent'; path: string; size: number; seed: number }
  | { kind: 'upload'; path: string; append: boolean; sizes: readonly number[]; seed: number; end: UploadEnd }
  | { kind: 'getContent'; path: string }
  | { kind: 'reader'; path: string; offset: number }
  | { kind: 'stat'; path: string }
  | { kind: 'list'; path: string }
  | { kind: 'walk'; path: string; startAfter: string | undefined; without: readonly string[] }
  | { kind: 'move'; source: string; destination: string }
  | { kind: 'delete'; path: string }
  | { kind: 'switch to another driver' }

/** What becomes of an upload after its last write. */
export type UploadEnd = 'close' | 'commit' | 'close and commit' | 'cancel'

/** What an operation came to: a value to compare, or an error's code. */
export type Outcome = { value: unknown } | { error: string }

/** Where operations take place: which driver they call, and below which directory. */
export interface Place {
  readonly driver: StorageDriver
  readonly directory: string
}

/** The operation as a line of a report. */
export function describe({ kind, ...details }: Operation): string {
  const shown = Object.entries(details).map(([name, value]) => `${name} ${JSON.stringify(value) ?? 'undefined'}`)
  return [kind, shown.join(', ')].filter(Boolean).join(': ')
}
