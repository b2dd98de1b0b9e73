import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import type { FileInfo, FileWriter, StorageDriver } from '../contract/index.ts'
import { type StorageErrorCode, isStorageError } from '../contract/errors.ts'
import { walkPosition } from '../contract/paths.ts'

/** Fails, saying where they differ, unless both hold the same bytes. */
export function assertBytes(found: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(found, expected) === 0) return
  const length = Math.min(found.length, expected.length)
  let difference = 0
  while (difference < length && found[difference] === expected[difference]) difference += 1
  assert.fail(`${found.length} bytes instead of ${expected.length}; the first difference is at ${difference}`)
}

/** Fails unless both ways of reading the file give these bytes. */
export async function assertContent(driver: StorageDriver, path: string, expected: Uint8Array): Promise<void> {
  assertBytes(await driver.getContent(path), expected)
  assertBytes(await bytesOf(await driver.reader(path)), expected)
}

/** Fails unless the call rejects with a `StorageError` of this code that names the driver and the path. */
export async function assertFails(
  call: Promise<unknown>,
  code: StorageErrorCode,
  about: { driver: StorageDriver; path: string },
): Promise<void> {
  const error = await rejectionOf(call)
  assert.ok(isStorageError(error), `rejected with ${String(error)}, which is no StorageError`)
  assert.equal(error.code, code, `rejected with ${error.code} (${error.message}) instead of ${code}`)
  assert.equal(error.driver, about.driver.name, 'the error does not name the driver')
  assert.equal(error.path, about.path, 'the error does not name the path')
  assert.ok(error.message.includes(about.driver.name), `the message does not name the driver: ${error.message}`)
}

/** Error that the call rejects with. Fails when it resolves. */
export async function rejectionOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  return assert.fail('resolved instead of rejecting')
}

/** Everything that the stream still gives. */
export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

/** Writes one chunk and waits until the writer has taken it over. */
export function write(writer: FileWriter, chunk: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    writer.write(chunk, error => (error ? reject(error) : resolve()))
  })
}

/** Everything that the walk yields. */
export async function collect(walk: AsyncIterable<FileInfo>): Promise<FileInfo[]> {
  const entries: FileInfo[] = []
  for await (const entry of walk) entries.push(entry)
  return entries
}

/** The positions of everything that the walk yields: short to write, and they tell directories from files. */
export async function positionsOf(walk: AsyncIterable<FileInfo>): Promise<string[]> {
  return (await collect(walk)).map(walkPosition)
}

/** True when the call resolves, false when it rejects with `PATH_NOT_FOUND`. Any other rejection is thrown. */
export async function exists(call: Promise<unknown>): Promise<boolean> {
  try {
    await call
    return true
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return false
    throw error
  }
}

/** Waits until all calls are over, and only then fails with the first that failed: none goes on behind the test's back. */
export async function together(calls: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(calls)) if (result.status === 'rejected') throw result.reason
}

/** Looks again and again until a call is over, and fails with what either fails with. */
export async function watch(call: Promise<unknown>, look: () => Promise<void>): Promise<void> {
  const state = { isOver: false }
  const settled = call.finally(() => {
    state.isOver = true
  })
  // Its failure is met at the end, unless a look has failed before.
  settled.catch(() => {})
  while (!state.isOver) {
    await look()
    await setImmediate()
  }
  await settled
}
