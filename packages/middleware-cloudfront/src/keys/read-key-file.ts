import { type Stats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { isConfigError } from '@longshore/middleware-core'
import { codeOf, describeOtherFormat, keyError } from './pem.ts'

/** Limit that no key with its certificates comes near. */
const MAX_KEY_FILE_BYTES = 64 * 1024

/** Flags that open a FIFO at once, and not when somebody writes into it. Windows has no `O_NONBLOCK`. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * Reads the text of a key file: a regular file of at most 64 KiB, in UTF-8 or UTF-16 with or without a byte order mark, or in
 * Latin-1. Throws a `ConfigError` that shows nothing of the contents.
 */
export function readKeyFileSync(path: string): string {
  let file: number
  try {
    file = openSync(path, FLAGS)
  } catch (error) {
    throw unreadable(path, error)
  }
  try {
    assertKeyFile(path, fstatSync(file))
    const buffer = Buffer.allocUnsafe(MAX_KEY_FILE_BYTES + 1)
    let size = 0
    for (let read = -1; read !== 0; size += read) read = readSync(file, buffer, size, buffer.length - size, null)
    return decode(path, buffer.subarray(0, size))
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    closeSync(file)
  }
}

/** Asynchronous {@link readKeyFileSync}. On a file system that hangs it never settles. */
export async function readKeyFile(path: string): Promise<string> {
  try {
    await using file = await open(path, FLAGS)
    assertKeyFile(path, await file.stat())
    const buffer = Buffer.allocUnsafe(MAX_KEY_FILE_BYTES + 1)
    let size = 0
    for (let read = -1; read !== 0; size += read) {
      read = (await file.read(buffer, size, buffer.length - size, null)).bytesRead
    }
    return decode(path, buffer.subarray(0, size))
  } catch (error) {
    throw unreadable(path, error)
  }
}

function assertKeyFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw keyError(`found ${typeOf(stats)} at ${JSON.stringify(path)}`)
  assertSize(path, stats.size)
}

function assertSize(path: string, size: number): void {
  if (size <= MAX_KEY_FILE_BYTES) return
  throw keyError(`found more than ${MAX_KEY_FILE_BYTES} bytes in ${JSON.stringify(path)}, too many for a key`)
}

function typeOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory'
  return stats.isFIFO() ? 'a FIFO' : 'a device'
}

/** Checks the size again: the file may have grown since. */
function decode(path: string, bytes: Buffer): string {
  assertSize(path, bytes.length)
  const [first, second, third] = bytes
  if (first === 0xff && second === 0xfe) return bytes.subarray(2).toString('utf16le')
  if (first === 0xfe && second === 0xff) return swapped(bytes.subarray(2)).toString('utf16le')
  return bytes.subarray(first === 0xef && second === 0xbb && third === 0xbf ? 3 : 0).toString('latin1')
}

function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16()
}

/** Text that may be a key without its BEGIN and END lines, and so must not be shown as the path of a missing file. */
const mayBeKeyMaterial = /[A-Za-z0-9+/=]{64}|\p{Cc}/u

function unreadable(path: string, error: unknown): Error {
  if (isConfigError(error)) return error
  const found = mayBeKeyMaterial.test(path)
    ? `found ${describeOtherFormat(path)}, which is not the path of a file either`
    : `cannot read ${JSON.stringify(path)}`
  return keyError(`${found} (${codeOf(error)})`)
}
