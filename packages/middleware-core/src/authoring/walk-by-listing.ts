import type { DriverImplementation } from './driver-implementation.ts'
import type { FileInfo, WalkOptions } from '../contract/storage-driver.ts'
import { walkPosition } from '../contract/paths.ts'

/**
 * Walks a storage that can only list and stat: each directory is listed and its children are asked for, in the
 * contract's order.
 */
export async function* walkByListing(
  driver: Pick<DriverImplementation, 'list' | 'stat'>,
  path: string,
  options: WalkOptions,
): AsyncIterable<FileInfo> {
  const children = (await driver.list(path, options)) ?? []
  const entries: FileInfo[] = []
  for (const child of children) {
    const info = await driver.stat(child, options)
    if (info) entries.push(info)
  }
  entries.sort((a, b) => (walkPosition(a) < walkPosition(b) ? -1 : 1))
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
  const isAfter = startAfter === undefined || position > startAfter
  if (isAfter) yield entry
  if (!entry.isDirectory) return
  // A directory that lies before the start still holds entries after it when the start lies inside it.
  if (!isAfter && !startAfter.startsWith(position)) return
  if (descend?.(entry) ?? true) yield* below()
}
