import { rename, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { now } from './clock.ts'
import { discard, inDirectory, prune, syncDirectory } from './directories.ts'
import { holdsFile } from './entries.ts'
import { codeOf } from './errors.ts'
import type { Layout } from './layout.ts'

/**
 * Makes `source`, a durable file on disk, the content at `path`: atomically, and so that a crash does not undo it. The
 * file's time of modification becomes now, because renaming alone would keep that of the last write.
 */
export async function publish(layout: Layout, source: string, path: string): Promise<void> {
  const destination = layout.file(path)
  const directory = dirname(destination)
  const publishedAt = now()
  await utimes(source, publishedAt, publishedAt)
  try {
    await inDirectory(directory, () => replace(layout, source, destination))
  } catch (error) {
    await prune(directory, layout.root)
    throw error
  }
  await syncDirectory(directory)
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
