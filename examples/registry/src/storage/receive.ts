import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** Body of a request as it arrives. */
export type Body = AsyncIterable<Buffer>

/**
 * Takes a body chunk by chunk, as fast as `target` stores it, and feeds it to `hash` on the way. Without a target the bytes
 * are only hashed. The target is neither ended nor destroyed, whatever happens: what arrived before a client went away can
 * still be kept.
 *
 * @returns how many bytes came
 */
export async function receive(
  body: Body,
  target: Writable | undefined,
  hash: { update(bytes: Buffer): unknown } | undefined,
): Promise<number> {
  let received = 0
  for await (const chunk of body) {
    received += chunk.length
    hash?.update(chunk)
    if (target) await write(target, chunk)
  }
  return received
}

/** Reads a small body whole; undefined when it is longer than `limit` bytes. */
export async function receiveWhole(body: Body, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

async function write(target: Writable, chunk: Buffer): Promise<void> {
  if (target.write(chunk)) return
  // After an error no 'drain' would come, and an 'error' that has come already does not come again.
  if (target.errored) throw target.errored
  await once(target, 'drain')
}
