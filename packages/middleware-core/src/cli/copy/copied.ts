/** Outcome of copying one file. */
export interface Copied {
  readonly source: string
  readonly destination: string
  readonly bytes: number
  /** SHA-256 in hexadecimal digits. */
  readonly sha256: string
  /** Offset at which an interrupted copy was continued. */
  readonly continuedAt?: number | undefined
  /** True where the copy was read again and compared. */
  readonly isReadBack: boolean
  /** True where an earlier run had copied it, and neither side has changed since. */
  readonly isSkipped?: boolean | undefined
}

/** Surroundings of copying one file. */
export interface CopyRun {
  readonly signal: AbortSignal
  /** Compare by reading the copy again. */
  readonly verify: boolean
  /** Told how many bytes have been copied since the last call. */
  onBytes(count: number): void
  /** Told where an interrupted copy is continued. */
  onContinued(offset: number): void
  /** Told the size of a file that an earlier run has copied. */
  onSkipped(size: number): void
  /** Told what is going on when no bytes are copied. */
  onStage(stage: string): void
  /** Told what the user should know, such as that the copy could not be continued. */
  onNote(note: string): void
}
