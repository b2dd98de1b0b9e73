import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../../contract/paths.ts'
import { undefinedIfAbsent } from './errors.ts'
import { type Layout, isUploadWithin } from './layout.ts'

/** Age of what is removed. */
interface Choice {
  /** Everything that was last touched before this moment. */
  readonly olderThan: Date
  /** True to remove nothing, and only count. */
  readonly dryRun: boolean
}

/** Removes unfinished uploads to `path` and below it, and tells how many they were. */
export async function purgeUploads(layout: Layout, path: string, choice: Choice): Promise<number> {
  // What crashes left tells no path, so it goes with a purge of everything.
  if (path === root) await removeOlder(layout.temporaries, choice, () => true)
  return removeOlder(layout.uploads, choice, name => isUploadWithin(path, name))
}

async function removeOlder(
  directory: string,
  { olderThan, dryRun }: Choice,
  chosen: (name: string) => boolean,
): Promise<number> {
  let found = 0
  for (const name of (await undefinedIfAbsent(readdir(directory))) ?? []) {
    if (!chosen(name)) continue
    const entry = join(directory, name)
    const stats = await undefinedIfAbsent(lstat(entry))
    if (!stats || stats.mtime >= olderThan) continue
    // A writer that has touched it since gave it another name.
    if (dryRun || (await undefinedIfAbsent(rm(entry, { recursive: true }).then(() => true)))) found++
  }
  return found
}
