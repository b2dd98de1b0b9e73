import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncDirectory } from '../../drivers/filesystem/directories.ts'
import type { Copied, CopyRun } from './copied.ts'
import { Digest } from './digest.ts'
import { localError } from '../context/local-error.ts'
import { readRange } from './read-range.ts'
import type { Source } from './source.ts'
import { wrongLength } from './storage-source.ts'

/** Bytes after which what was written is made durable. A crash of the machine may take away as many. */
const SYNC_BYTES = 16 << 20

/**
 * Copies a file of the storage to this machine: into a partial file beside the target, which becomes the target when all of
 * it is there and durable.
 *
 * The partial file's name tells which content it is of, so it is only ever continued with the same content. Bytes are written
 * at their own positions and never taken away again: two processes that copy the same at once write the same.
 */
export async function download(source: Source, target: string, run: CopyRun): Promise<Copied> {
  const part = partialFile(source, target)
  try {
    const handle = await open(part, constants.O_RDWR | constants.O_CREAT)
    try {
      const digest = new Digest()
      const offset = await hashPrefix(handle, source, digest, run)
      await copyFrom(source, offset, handle, digest, run)
      await source.assertUnchanged()
      await handle.datasync()
      if (run.verify) await compareAgain(handle, source, digest, run)
      digest.assertNamedBy(source.name)
      await putInPlace(handle, part, target)
      const { size: bytes, name } = source
      const continuedAt = offset > 0 ? offset : undefined
      return { source: name, destination: target, bytes, sha256: digest.hex, continuedAt, isReadBack: run.verify }
    } catch (error) {
      // What a later run cannot continue, or must not.
      if (source.identity === undefined || !isInterruption(error, run)) await rm(part, { force: true })
      throw error
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw localError(error, target)
  }
}

/** Errors after which the bytes so far still are right. */
function isInterruption(error: unknown, { signal }: CopyRun): boolean {
  if (signal.aborted) return true
  const { code, syscall } = Object(error) as NodeJS.ErrnoException
  return code === 'UNAVAILABLE' || code === 'ACCESS_DENIED' || syscall !== undefined
}

function partialFile({ name, identity }: Source, target: string): string {
  const content = identity === undefined ? randomUUID() : `${name}\n${identity}`
  return `${target}.${createHash('sha256').update(content).digest('hex').slice(0, 16)}.part`
}

/** Hashes what an earlier run has left, and gives the offset to go on from. */
async function hashPrefix(handle: FileHandle, source: Source, digest: Digest, run: CopyRun): Promise<number> {
  const { size } = await handle.stat()
  const offset = Math.max(0, Math.min(size, source.size) - SYNC_BYTES)
  if (offset === 0) return 0
  run.onStage('reading what is there')
  for await (const chunk of readRange(handle, { end: offset, signal: run.signal })) digest.update(chunk)
  run.onContinued(offset)
  return offset
}

async function copyFrom(
  source: Source,
  offset: number,
  handle: FileHandle,
  digest: Digest,
  { signal, onBytes }: CopyRun,
): Promise<void> {
  let position = offset
  let durable = offset
  try {
    if (offset < source.size) {
      for await (const bytes of await source.open(offset, signal)) {
        if (position + bytes.length > source.size) throw wrongLength(source.name, position + bytes.length, source.size)
        await writeAll(handle, bytes, position)
        digest.update(bytes)
        position += bytes.length
        onBytes(bytes.length)
        if (position - durable >= SYNC_BYTES) {
          await handle.datasync()
          durable = position
        }
      }
    }
  } finally {
    await handle.datasync()
  }
  signal.throwIfAborted()
  if (position !== source.size) throw wrongLength(source.name, position, source.size)
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written)
    written += bytesWritten
  }
}

async function compareAgain(handle: FileHandle, source: Source, digest: Digest, run: CopyRun): Promise<void> {
  run.onStage('checking')
  const again = new Digest()
  for await (const chunk of readRange(handle, { end: source.size, signal: run.signal })) again.update(chunk)
  if (again.hex !== digest.hex) throw new Error(`the disk gave other bytes than were written: ${source.name}`)
}

async function putInPlace(handle: FileHandle, part: string, target: string): Promise<void> {
  try {
    await rename(part, target)
  } catch (error) {
    // Another process that copied the same has put this very file in place.
    const [own, placed] = [await handle.stat(), await stat(target).catch(() => undefined)]
    if (own.ino !== placed?.ino || own.dev !== placed.dev) throw error
  }
  await syncDirectory(dirname(target))
  await removeOutdated(target)
}

/** Partial files of other versions are of no use once a newer one is in place. */
async function removeOutdated(target: string): Promise<void> {
  const directory = dirname(target)
  const prefix = `${basename(target)}.`
  for (const name of await readdir(directory)) {
    const isPart = name.startsWith(prefix) && /^[0-9a-f]{16}\.part$/.test(name.slice(prefix.length))
    if (isPart) await rm(join(directory, name), { force: true })
  }
}
