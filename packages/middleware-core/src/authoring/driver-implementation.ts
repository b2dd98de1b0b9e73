import type { Readable } from 'node:stream'
import type {
  CallOptions,
  DeleteOptions,
  FileInfo,
  MoveOptions,
  ReadOptions,
  SignedUrl,
  StatOptions,
  PurgeResult,
  UrlOptions,
  WalkOptions,
  WriteOptions,
} from '../contract/storage-driver.ts'
import type { StorageError } from '../contract/errors.ts'
import type { Upload } from './upload-writer.ts'

/**
 * What a driver's author writes: the mapping to a storage, and nothing else. Paths are legal, offsets are whole and not
 * negative, signals have not fired yet, and `source` differs from `destination`. Whatever is thrown gets the driver's name.
 * Doc comments on `StorageDriver` say what each method owes.
 */
export interface DriverImplementation {
  getContent(path: string, options: CallOptions): Promise<Uint8Array>
  putContent(path: string, content: Uint8Array, options: CallOptions): Promise<void>
  reader(path: string, offset: number, options: Omit<ReadOptions, 'offset'>): Promise<Readable>
  /**
   * Starts, or with `append` continues, an upload. The signal covers this call; later aborts come as `release`. A
   * `destination` differs from `path`. What is `known` comes only with `append`, and need not be heeded.
   */
  writer(path: string, append: boolean, options: Omit<WriteOptions, 'append'>): Promise<Upload>
  /**
   * What is at `path`, or undefined. For the root anything will do, so this is where a health check may look. With
   * `fileOnly` a directory may be told or not: it is never passed on.
   */
  stat(path: string, options: StatOptions): Promise<FileInfo | undefined>
  /** Absolute paths of direct children in any order, without repetitions; undefined or none when there is no directory. */
  list(path: string, options: CallOptions): Promise<string[] | undefined>
  /** Default: by `list` and `stat`, which asks once for each entry. */
  walk?(path: string, options: WalkOptions): AsyncIterable<FileInfo>
  move(source: string, destination: string, options: MoveOptions): Promise<void>
  delete(path: string, options: DeleteOptions): Promise<void>
  /** Default: no URLs. `method` is GET or HEAD. */
  urlFor?(path: string, options: UrlOptions & { method: 'GET' | 'HEAD' }): Promise<SignedUrl | undefined>
  /** Default: the path without its leading slash. */
  keyFor?(path: string): string
  purgeUploads(olderThan: Date, path: string, options: CallOptions): Promise<PurgeResult>
  /**
   * What an error of the storage means in the contract's terms. It is asked about whatever a method or a stream of its
   * throws that is no `StorageError` yet. Default: `UNKNOWN`.
   */
  mapError?(error: unknown, path: string): StorageError
  /** Ends connections and timers. Called once. */
  close?(): Promise<void> | void
}
