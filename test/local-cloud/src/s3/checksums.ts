import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** A checksum under way; `digest` is base64, as the headers have it. */
export interface Checksum {
  update(chunk: Uint8Array): void
  digest(): string
}

/** The algorithms that are verified and stored, by their name in `x-amz-checksum-*`. Others are kept unread. */
export const CHECKSUMS: Record<string, () => Checksum> = {
  crc32: () => cyclic((chunk, state) => crc32(chunk, state)),
  crc32c: () => cyclic(crc32c),
  md5: () => hash('md5'),
  sha1: () => hash('sha1'),
  sha256: () => hash('sha256'),
  sha512: () => hash('sha512'),
}

function hash(name: string): Checksum {
  const state = createHash(name)
  return { update: chunk => void state.update(chunk), digest: () => state.digest('base64') }
}

function cyclic(step: (chunk: Uint8Array, state: number) => number): Checksum {
  let state = 0
  return {
    update: chunk => {
      state = step(chunk, state)
    },
    digest: () => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(state)
      return bytes.toString('base64')
    },
  }
}

const CASTAGNOLI = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value
})

function crc32c(chunk: Uint8Array, previous: number): number {
  let value = ~previous
  for (const byte of chunk) value = CASTAGNOLI[(value ^ byte) & 0xff]! ^ (value >>> 8)
  return ~value >>> 0
}
