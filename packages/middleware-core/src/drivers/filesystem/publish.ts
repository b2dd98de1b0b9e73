import { link, lstat, rename, rm, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { WriteConditions } from '../../contract/call-options.ts'
import { fileExists } from '../../contract/errors.ts'
import type { WriteResult } from '../../contract/file-info.ts'
import { now } from './clock.ts'
import { discard, inDirectory, prune, syncDirectory } from './directories.ts'
import { holdsFile } from './entries.ts'
import { codeOf } from './errors.ts'
import type { Layout } from './layout.ts'
import { revisionOf } from './revision.ts'

/**
 * Makes `source`, a durable file on disk, the content at `path`: atomically, and so that a crash does not undo it. The
 * file's time of modification becomes now, because renaming alone would keep that of the last write.
 */
export async function publish(
  layout: Layout,
  source: string,
  path: string,
  { ifAbsent }: Pick<WriteConditions, 'ifAbsent'> = {},
): Promise<WriteResult> {
  const destination = layout.file(path)
  const directory = dirname(destination)
  const publishedAt = now()
  await utimes(source, publishedAt, publishedAt)
  const stats = await lstat(source, { bigint: true })
  try {
    await inDirectory(directory, () =>
      ifAbsent ? placeNew(layout, source, path) : replace(layout, source, destination),
    )
  } catch (error) {
    await prune(directory, layout.root)
    throw error
  }
  await syncDirectory(directory)
  return { revision: revisionOf(stats) }
}

/** A second name is given only where none is: that is the one atomic "if absent" of file systems. */
async function placeNew(layout: Layout, source: string, path: string): Promise<void> {
  const destination = layout.file(path)
  try {
    await link(source, destination)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    if ((await lstat(destination)).isFile() || (await holdsFile(destination))) throw fileExists(path)
    await discard(destination, layout.temporary())
    await link(source, destination)
  }
  await rm(source, { force: true })
}

async function replace(layout: Layout, source: string, destination: string): Promise<void> {
  try {
    await rename(source, destination)
  } catch (error) {
    // A directory without files does not exist for the storage, so it must not stand in the way either.
    if (codeOf(error) !== 'EISDIR' || (await holdsFile(destination))) throw error
    await discard(destination, layout.temporary())
    await rename(source, destination)
  }
}
