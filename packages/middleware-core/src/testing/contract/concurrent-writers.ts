import type { FileWriter } from '../../contract/index.ts'
import { isStorageError } from '../../contract/errors.ts'
import { write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { TestContext } from '../test-context.ts'

/** A writer and what it has taken over. */
export interface ConcurrentWriter {
  readonly writer: FileWriter
  readonly content: Buffer
}

/**
 * Two writers of two processes on one path, whose bytes, and how many they are, differ. They have written in turns.
 * `destinations` are names of where their commits go.
 */
export async function interleavedWriters(
  { driver, another, at }: TestContext,
  name: string,
  size: number,
  destinations: readonly [string, string] = [name, name],
): Promise<[ConcurrentWriter, ConcurrentWriter]> {
  const other = await another()
  const writers = [
    await driver.writer(at(name), { destination: at(destinations[0]) }),
    await other.writer(at(name), { destination: at(destinations[1]) }),
  ] as const
  const chunks = [
    [randomBytes(size, 1), randomBytes(3, 2)],
    [randomBytes(1, 3), randomBytes(size, 4)],
  ] as const
  for (const turn of [0, 1] as const) {
    await write(writers[0], chunks[0][turn])
    await write(writers[1], chunks[1][turn])
  }
  return [
    { writer: writers[0], content: Buffer.concat(chunks[0]) },
    { writer: writers[1], content: Buffer.concat(chunks[1]) },
  ]
}

/** Commits, unless the driver refuses because of the other writer. */
export async function isCommitted(writer: FileWriter): Promise<boolean> {
  try {
    // As a caller does, who is told that the storage cannot say now.
    await writer.commit().catch((error: unknown) => {
      if (!isStorageError(error, 'UNAVAILABLE')) throw error
      return writer.commit()
    })
    return true
  } catch (error) {
    if (!isStorageError(error, 'UPLOAD_NOT_FOUND')) throw error
    await writer.cancel()
    return false
  }
}
