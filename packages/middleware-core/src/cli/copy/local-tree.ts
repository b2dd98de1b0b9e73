import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { localError } from '../context/local-error.ts'

/** Entry below a directory of this machine. */
export interface LocalEntry {
  readonly file: string
  /** Path from the directory on, with slashes: `a/b`. */
  readonly relative: string
  /** False for links, pipes, devices and the like. */
  readonly isFile: boolean
}

/** Everything but directories below a directory. Links are not followed: they may lead anywhere, in circles too. */
export async function* localTree(directory: string, prefix = ''): AsyncGenerator<LocalEntry> {
  try {
    for await (const entry of await opendir(directory)) {
      const [file, relative] = [join(directory, entry.name), `${prefix}${entry.name}`]
      if (entry.isDirectory()) yield* localTree(file, `${relative}/`)
      else yield { file, relative, isFile: entry.isFile() }
    }
  } catch (error) {
    throw localError(error, directory)
  }
}
