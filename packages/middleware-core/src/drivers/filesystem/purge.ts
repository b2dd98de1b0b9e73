import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../../contract/paths.ts'
import { undefinedIfAbsent } from './errors.ts'
import { type Layout, isUploadWithin } from './layout.ts'

/** Removes unfinished uploads to `path` and below it, last touched before `olderThan`, and tells how many they were. */
export async function purgeUploads(layout: Layout, path: string, olderThan: Date): Promise<number> {
  // What crashes left tells no path, so it goes with a purge of everything.
  if (path === root) await removeOlder(layout.temporaries, olderThan, () => true)
  return removeOlder(layout.uploads, olderThan, name => isUploadWithin(path, name))
}

async function removeOlder(directory: string, olderThan: Date, chosen: (name: string) => boolean): Promise<number> {
  let removed = 0
  for (const name of (await undefinedIfAbsent(readdir(directory))) ?? []) {
    if (!chosen(name)) continue
    const entry = join(directory, name)
    const stats = await undefinedIfAbsent(lstat(entry))
    if (!stats || stats.mtime >= olderThan) continue
    // A writer that has touched it since gave it another name.
    if (await undefinedIfAbsent(rm(entry, { recursive: true }).then(() => true))) removed++
  }
  return removed
}
