import { link, lstat, mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { revisionMismatch, pathNotFound } from '../../contract/errors.ts'
import { prune, syncDirectory } from './directories.ts'
import { codeOf, hasNoLinks, undefinedIfAbsent } from './errors.ts'
import type { Layout } from './layout.ts'
import { commitFile } from './commit-file.ts'
import { revisionOf } from './revision.ts'

/** Moves a file, of any revision or of the given one only. */
export async function moveFile(
  layout: Layout,
  source: string,
  destination: string,
  revision: string | undefined,
): Promise<void> {
  const file = layout.file(source)
  await assertRevision(file, source, revision)
  if (revision === undefined || !(await moveByLink(layout, source, destination, revision))) {
    await commitFile(layout, file, destination)
  }
  await syncDirectory(dirname(file))
  await prune(dirname(file), layout.root)
}

/**
 * Moves a file by a hard link: nothing compares and renames in one step, and a second name keeps what was compared, so that
 * nothing which replaces the source meanwhile gets to the destination. False where the file system has no hard links.
 */
async function moveByLink(layout: Layout, source: string, destination: string, revision: string): Promise<boolean> {
  const file = layout.file(source)
  const linked = layout.temporary()
  await mkdir(layout.temporaries, { recursive: true })
  try {
    await link(file, linked)
  } catch (error) {
    if (hasNoLinks(error)) return false
    throw codeOf(error) === 'ENOENT' ? pathNotFound(source) : error
  }
  try {
    const { ino } = await assertRevision(linked, source, revision)
    await commitFile(layout, linked, destination)
    // What replaced the source meanwhile stays.
    const left = await undefinedIfAbsent(lstat(file, { bigint: true }))
    if (left?.ino === ino) await rm(file, { force: true })
    return true
  } finally {
    // A name of the same file at the destination makes the renaming do nothing.
    await rm(linked, { force: true })
  }
}

async function assertRevision(file: string, path: string, revision: string | undefined): Promise<{ ino: bigint }> {
  const stats = await undefinedIfAbsent(lstat(file, { bigint: true }))
  if (!stats?.isFile()) throw pathNotFound(path)
  if (revision !== undefined && revision !== revisionOf(stats)) throw revisionMismatch(path)
  return stats
}
