import { lstat, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StorageError } from '../../contract/errors.ts'
import { localError } from '../context/local-error.ts'

type Undo = (() => Promise<unknown>)[]

/**
 * Writes all files below a directory, or none: they are made beside their places first, and an error brings back what has been
 * replaced. The directory is made where it is absent. Without `force` no file is replaced.
 */
export async function writeFiles(
  directory: string,
  files: ReadonlyMap<string, string>,
  { force }: { force: boolean },
): Promise<void> {
  const undo: Undo = []
  let stage: string | undefined
  try {
    await makeDirectory(directory, undo)
    for (const file of files.keys()) await assertFree(join(directory, file), force)
    stage = await mkdtemp(join(directory, '.longshore-'))
    await writeAll(join(stage, 'new'), files)
    for (const file of files.keys()) await put(stage, directory, file, undo)
  } catch (error) {
    for (const step of undo.toReversed()) await step()
    const { path = directory } = Object(error) as NodeJS.ErrnoException
    throw localError(error, stage !== undefined && path.startsWith(stage) ? directory : path)
  } finally {
    if (stage !== undefined) await rm(stage, { recursive: true, force: true })
  }
}

async function makeDirectory(directory: string, undo: Undo): Promise<void> {
  const first = await mkdir(directory, { recursive: true })
  if (first !== undefined) undo.push(() => rm(first, { recursive: true, force: true }))
}

async function assertFree(path: string, force: boolean): Promise<void> {
  const kind = await kindOf(path)
  if (kind === 'directory') throw new StorageError('CONFIG', `${path}: found a directory; accepted: a file`)
  if (kind === 'file' && !force)
    throw new StorageError('CONFIG', `${path}: there is something already; --force replaces it`)
}

async function kindOf(path: string): Promise<'file' | 'directory' | undefined> {
  try {
    return (await lstat(path)).isDirectory() ? 'directory' : 'file'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function writeAll(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [file, content] of files) {
    const path = join(directory, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
}

/** Moves a file to its place, and what is there into the stage. */
async function put(stage: string, directory: string, file: string, undo: Undo): Promise<void> {
  const path = join(directory, file)
  await makeDirectory(dirname(path), undo)
  if ((await kindOf(path)) === 'file') {
    const former = join(stage, 'former', file)
    await mkdir(dirname(former), { recursive: true })
    await rename(path, former)
    undo.push(() => rename(former, path))
  }
  await rename(join(stage, 'new', file), path)
  undo.push(() => rm(path, { force: true }))
}
