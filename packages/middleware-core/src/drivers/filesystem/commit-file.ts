import { link, lstat, rename, rm, utimes } from 'node:fs/promises'
import { dirname, sep } from 'node:path'
import type { WriteConditions } from '../../contract/call-options.ts'
import { StorageError, fileExists } from '../../contract/errors.ts'
import type { WriteResult } from '../../contract/file-info.ts'
import { now } from './clock.ts'
import { MAX_ATTEMPTS, removeTree, withDirectory, prune, syncDirectory } from './directories.ts'
import { holdsFile } from './entries.ts'
import { codeOf, hasNoLinks, undefinedIfAbsent } from './errors.ts'
import type { Layout } from './layout.ts'
import { revisionOf } from './revision.ts'

/**
 * Makes `source`, a durable file on disk, the content at `path`: atomically, and so that a crash does not undo it. The
 * file's time of modification becomes now, because renaming alone would keep that of the last write.
 */
export async function commitFile(
  layout: Layout,
  source: string,
  path: string,
  { ifAbsent }: Pick<WriteConditions, 'ifAbsent'> = {},
): Promise<WriteResult> {
  const destination = layout.file(path)
  const directory = dirname(destination)
  const committedAt = now()
  await utimes(source, committedAt, committedAt)
  const stats = await lstat(source, { bigint: true })
  try {
    await withDirectory(directory, () =>
      ifAbsent ? placeNew(layout, source, path) : replace(layout, source, destination),
    )
  } catch (error) {
    await prune(directory, layout.root)
    throw error
  }
  await syncDirectory(directory)
  return { revision: revisionOf(stats) }
}

/**
 * Gives the file a second name where none is, the one atomic "if absent" of file systems, and takes the first away. Between
 * the two a crash leaves both: whoever continues such an upload gets a copy.
 */
async function placeNew(layout: Layout, source: string, path: string): Promise<void> {
  const destination = layout.file(path)
  for (let attempt = 1; ; attempt++) {
    try {
      await link(source, destination)
      break
    } catch (error) {
      if (hasNoLinks(error)) {
        throw new StorageError('UNSUPPORTED', 'the file system has no hard links, which ifAbsent needs', { path })
      }
      if (codeOf(error) !== 'EEXIST' || attempt === MAX_ATTEMPTS) throw error
    }
    const found = await undefinedIfAbsent(lstat(destination))
    if (found && (!found.isDirectory() || (await holdsFile(destination)))) throw fileExists(path)
    await discardEmptied(layout, destination)
  }
  // The file is in place whatever becomes of its first name, which a purge finds.
  await rm(source, { force: true }).catch(() => {})
}

/** Removes a directory without files: it does not exist for the storage, so a file may take its path. */
async function discardEmptied(layout: Layout, directory: string): Promise<void> {
  try {
    // The separator at the end makes it fail for a file that another call has put there meanwhile.
    await removeTree(directory + sep, layout.temporary())
  } catch (error) {
    if (codeOf(error) !== 'ENOTDIR' && codeOf(error) !== 'ENOENT') throw error
  }
}

async function replace(layout: Layout, source: string, destination: string): Promise<void> {
  try {
    await rename(source, destination)
  } catch (error) {
    if (codeOf(error) !== 'EISDIR' || (await holdsFile(destination))) throw error
    await discardEmptied(layout, destination)
    await rename(source, destination)
  }
}
