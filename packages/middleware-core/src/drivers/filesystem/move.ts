import { link, lstat, mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { revisionMismatch, pathNotFound } from '../../contract/errors.ts'
import { prune, syncDirectory } from './directories.ts'
import { codeOf, hasNoLinks, orAbsent } from './errors.ts'
import type { Layout } from './layout.ts'
import { publish } from './publish.ts'
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
  if (revision === undefined || !(await moveLink(layout, source, destination, revision))) {
    await publish(layout, file, destination)
  }
  await syncDirectory(dirname(file))
  await prune(dirname(file), layout.root)
}

/**
 * Nothing compares and renames in one step. A second name for the file holds fast what is compared, so that nothing which
 * replaces the source meanwhile gets to the destination. False where the file system has no second names.
 */
async function moveLink(layout: Layout, source: string, destination: string, revision: string): Promise<boolean> {
  const file = layout.file(source)
  const held = layout.temporary()
  await mkdir(layout.temporaries, { recursive: true })
  try {
    await link(file, held)
  } catch (error) {
    if (hasNoLinks(error)) return false
    throw codeOf(error) === 'ENOENT' ? pathNotFound(source) : error
  }
  try {
    const { ino } = await assertRevision(held, source, revision)
    await publish(layout, held, destination)
    // What replaced the source meanwhile stays.
    const left = await orAbsent(lstat(file, { bigint: true }))
    if (left?.ino === ino) await rm(file, { force: true })
    return true
  } finally {
    // A name of the same file at the destination makes the renaming do nothing.
    await rm(held, { force: true })
  }
}

async function assertRevision(file: string, path: string, revision: string | undefined): Promise<{ ino: bigint }> {
  const stats = await orAbsent(lstat(file, { bigint: true }))
  if (!stats?.isFile()) throw pathNotFound(path)
  if (revision !== undefined && revision !== revisionOf(stats)) throw revisionMismatch(path)
  return stats
}
