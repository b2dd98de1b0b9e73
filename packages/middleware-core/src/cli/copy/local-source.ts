import { type BigIntStats, constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { localError } from '../context/local-error.ts'
import { readRange } from './read-range.ts'
import type { Source } from './source.ts'

/** A file of this machine. Its identity is what the system changes with every change of the file. */
export async function localSource(file: string): Promise<Source> {
  try {
    // A pipe does not make the opening wait.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stats = await handle.stat({ bigint: true })
      if (!stats.isFile()) throw new Error(`${file}: found ${kindOf(stats)}; accepted: a file`)
      const identity = identityOf(stats)
      const size = Number(stats.size)
      return {
        name: resolve(file),
        size,
        identity,
        open: async (start, signal) => readRange(handle, { start, end: size, signal }),
        async assertUnchanged() {
          if (identityOf(await handle.stat({ bigint: true })) === identity) return
          throw new Error(`${file}: changed while it was being copied; nothing of it was stored`)
        },
        close: () => handle.close(),
      }
    } catch (error) {
      await handle.close()
      throw error
    }
  } catch (error) {
    throw localError(error, file)
  }
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

function kindOf(stats: BigIntStats): string {
  return stats.isDirectory() ? 'a directory' : 'something else than a file'
}
