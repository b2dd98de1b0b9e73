import { RegistryError } from '../oci/errors.ts'
import type { Body } from '../storage/receive.ts'
import type { ByteRange } from './byte-range.ts'

/** Parses a chunk's `Content-Range`: `<start>-<end>`, both included, and with `bytes ` before it as HTTP has it. */
export function parseContentRange(text: string, contentLength: string | undefined): ByteRange {
  const [, from, to] = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(text) ?? []
  const range = { start: Number(from), end: Number(to) }
  if (from === undefined || range.end < range.start) {
    throw new RegistryError('BLOB_UPLOAD_INVALID', 'invalid Content-Range; accepted: <first byte>-<last byte>')
  }
  if (contentLength !== undefined && Number(contentLength) !== range.end - range.start + 1) {
    throw new RegistryError('SIZE_INVALID', 'Content-Length and Content-Range do not agree')
  }
  return range
}

/** Passes a body on, which has to be as long as its range: without a `Content-Length` that shows only as it comes. */
export async function* checkLength(body: Body, range: ByteRange): AsyncGenerator<Buffer> {
  let missing = range.end - range.start + 1
  for await (const chunk of body) {
    missing -= chunk.length
    if (missing < 0) break
    yield chunk
  }
  if (missing !== 0) throw new RegistryError('SIZE_INVALID', 'the body is not as long as its Content-Range')
}
