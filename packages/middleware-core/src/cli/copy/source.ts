/** File to be copied, wherever it is. */
export interface Source {
  /** Name of the file in messages. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Text that stands for exactly this content; undefined where nothing tells one version of the file from another. */
  readonly identity: string | undefined
  /** Bytes from an offset on, all of this content; an error where the file is another by now. */
  open(offset: number, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** Throws where the file is another by now, so that what was read may be of two versions. */
  assertUnchanged(): Promise<void>
  close(): Promise<void>
}
