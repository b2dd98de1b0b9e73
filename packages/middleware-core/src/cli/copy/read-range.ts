import type { FileHandle } from 'node:fs/promises'

/** Bytes read at a time. */
const READ_SIZE = 1 << 20

/** Reads a part of a file, to its end where that comes earlier. The handle stays open, which no stream of Node promises. */
export async function* readRange(
  handle: FileHandle,
  { start = 0, end, signal }: { start?: number; end: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  let position = start
  while (position < end) {
    signal.throwIfAborted()
    const buffer = Buffer.allocUnsafe(Math.min(READ_SIZE, end - position))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
