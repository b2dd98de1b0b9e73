import type { DriverImplementation } from './driver-implementation.ts'
import type { WalkOptions } from '../contract/call-options.ts'
import { undefinedIfNotFound } from '../contract/errors.ts'
import type { FileInfo } from '../contract/file-info.ts'
import { compareBytes, walkPosition } from '../contract/paths.ts'

/**
 * Walks a storage that can only list and stat: each directory is listed and its children are asked for, in the
 * contract's order.
 */
export async function* walkByListing(
  driver: Pick<DriverImplementation, 'list' | 'stat'>,
  path: string,
  options: WalkOptions,
): AsyncIterable<FileInfo> {
  const children = await driver.list(path, options)
  const entries: FileInfo[] = []
  for (const child of children) {
    const info = await undefinedIfNotFound(driver.stat(child, options))
    if (info) entries.push(info)
  }
  entries.sort((a, b) => compareBytes(walkPosition(a), walkPosition(b)))
  for (const entry of entries) {
    options.signal?.throwIfAborted()
    yield* walkEntry(entry, options, () => walkByListing(driver, entry.path, options))
  }
}

/**
 * Yields one entry and, when it is a directory to descend into, what `below` yields, leaving out what `startAfter` rules
 * out: for a driver whose storage has real directories.
 */
export async function* walkEntry(
  entry: FileInfo,
  options: WalkOptions,
  below: () => AsyncIterable<FileInfo>,
): AsyncIterable<FileInfo> {
  const position = walkPosition(entry)
  const { startAfter, descend } = options
  const isAfter = startAfter === undefined || compareBytes(position, startAfter) > 0
  if (isAfter) yield entry
  if (!entry.isDirectory) return
  // A directory that lies before the start still holds entries after it when the start lies inside it.
  if (!isAfter && !startAfter.startsWith(position)) return
  if (descend?.(entry) ?? true) yield* below()
}
