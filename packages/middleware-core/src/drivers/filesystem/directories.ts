import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, undefinedIfAbsent } from './errors.ts'

/** Times that others may interfere, by removing a directory before it is used or making one, before a call gives up. */
export const MAX_ATTEMPTS = 100

/**
 * Runs a step that puts something into `directory`. When the directory is absent, or a concurrent delete prunes it
 * again in between, it is made and the step runs once more.
 */
export async function withDirectory<T>(directory: string, step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step()
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || attempt === MAX_ATTEMPTS) throw error
    }
    await makeDirectory(directory)
  }
}

/** Node's own recursive `mkdir` fails when somebody prunes at the same time. */
async function makeDirectory(directory: string): Promise<void> {
  const parent = dirname(directory)
  try {
    await withDirectory(parent, () => mkdir(directory))
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    throw error
  }
  await syncDirectory(parent)
}

/** Makes the names in a directory durable: an fsync of a file does not cover its name. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows has no such call; its file systems journal names by themselves.
  if (process.platform === 'win32') return
  const handle = await undefinedIfAbsent(open(directory, 'r'))
  if (!handle) return
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes `directory` and those above it, below `root`, as far as they are empty. */
export async function prune(directory: string, root: string): Promise<void> {
  for (let here = directory; here.length > root.length; here = dirname(here)) {
    try {
      await rmdir(here)
    } catch (error) {
      // One that stays behind does no harm: a directory without files is not shown.
      if (codeOf(error) !== 'ENOENT') return
    }
  }
}

/** Removes a directory with all it holds, at one moment for everybody who looks. `temporary` is a free name. */
export async function removeTree(directory: string, temporary: string): Promise<void> {
  await withDirectory(dirname(temporary), () => rename(directory, temporary))
  await rm(temporary, { recursive: true, force: true })
}
