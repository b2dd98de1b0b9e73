import type { BigIntStats, Dirent } from 'node:fs'
import { lstat, opendir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileInfo, StatOptions } from '../../contract/index.ts'
import { isPathComponent } from '../../contract/paths.ts'
import { undefinedIfAbsent } from './errors.ts'
import { revisionOf } from './revision.ts'

/** True for entries of a directory that the storage lists: files and directories with legal names. Links are not followed. */
function isListed(entry: Dirent): boolean {
  return isPathComponent(entry.name) && (entry.isFile() || entry.isDirectory())
}

/** The entries of a directory on disk, or undefined when it is none. Directories that hold no file may be among them. */
export async function entriesOf(directory: string): Promise<Dirent[] | undefined> {
  const entries = await undefinedIfAbsent(readdir(directory, { withFileTypes: true }))
  return entries?.filter(isListed)
}

/** True where a file lies somewhere below a directory: only then does the directory exist for the storage. */
export async function holdsFile(directory: string): Promise<boolean> {
  return (await undefinedIfAbsent(findFile(directory))) ?? false
}

async function findFile(directory: string): Promise<boolean> {
  for await (const entry of await opendir(directory)) {
    if (isListed(entry) && (entry.isFile() || (await holdsFile(join(directory, entry.name))))) return true
  }
  return false
}

/** Describes `path`, which is `file` on disk; undefined when nothing is there. With `fileOnly` a directory is nothing, too. */
export async function infoOf(
  path: string,
  file: string,
  { fileOnly = false }: StatOptions,
): Promise<FileInfo | undefined> {
  const stats = await undefinedIfAbsent(lstat(file, { bigint: true }))
  if (stats?.isFile()) return { ...info(path, stats), size: Number(stats.size), revision: revisionOf(stats) }
  if (!stats?.isDirectory() || fileOnly) return undefined
  return (await holdsFile(file)) ? info(path, stats) : undefined
}

function info(path: string, stats: BigIntStats): FileInfo {
  return { path, size: 0, modifiedAt: new Date(Number(stats.mtimeMs)), isDirectory: stats.isDirectory() }
}
