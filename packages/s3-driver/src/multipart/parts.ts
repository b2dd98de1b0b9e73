import { constants } from 'node:buffer'
import { createHash } from 'node:crypto'
import { StorageError } from '@longshore/middleware-core'

/** A part that S3 holds. */
export interface Part {
  readonly number: number
  readonly etag: string
  /** Bytes. */
  readonly size: number
  /** Checksums that a completion names beside the ETag: S3's own fields. */
  readonly checksums?: Readonly<Record<string, string>> | undefined
}

/** A part as S3 lists it. */
export interface UploadedPart extends Part {
  /** Time of its upload; on some servers in whole seconds. */
  readonly modifiedAt: Date | undefined
}

/** S3 takes parts 1 to 10,000 ([S3 quotas](https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)). */
export const MAX_PARTS = 10_000

/** S3 refuses to complete an upload with a smaller part before the last. */
export const MIN_PART_SIZE = 5 * 1024 * 1024

/** S3 refuses larger parts. */
export const MAX_PART_SIZE = 5 * 1024 ** 3

/** Room beyond a part's bytes in the memory that it is gathered in, for the header of a checkpoint. */
export const HEADER_ROOM = 16 * 1024

/** Largest part that is gathered in memory: what S3 takes, and what Node has in one piece (4 GiB in Node 20). */
export const MAX_BUFFERED_PART_SIZE = Math.min(MAX_PART_SIZE, constants.MAX_LENGTH - HEADER_ROOM)

/**
 * Sizes of parts. `equal` parts end at 10,000 x chunksize: 97 GiB by default. `growing` ones gain a chunksize with
 * every 1,000 parts, which takes an object of default chunks to 537 GiB while no part is larger than 100 MiB. The size
 * depends on nothing but the number, so an upload goes on anywhere as it began.
 */
export class PartSizeStrategy {
  readonly #mode: 'equal' | 'growing'
  readonly #chunkSize: number

  constructor(mode: 'equal' | 'growing', chunkSize: number) {
    this.#mode = mode
    this.#chunkSize = chunkSize
  }

  /** Size in bytes of part `number`, when it is not the last, of an upload that has `parts` already. */
  sizeOf(number: number, parts: readonly Part[]): number {
    if (number > MAX_PARTS) {
      const advice = this.#mode === 'equal' ? 'partsizing growing, or a larger chunksize' : 'a larger chunksize'
      throw new StorageError('UNSUPPORTED', `the object needs more than ${MAX_PARTS} parts; use ${advice}`)
    }
    if (this.#mode === 'equal') return parts[0]?.size ?? Math.min(this.#chunkSize, MAX_BUFFERED_PART_SIZE)
    return Math.min(this.#chunkSize * (1 + Math.floor((number - 1) / 1000)), MAX_BUFFERED_PART_SIZE)
  }

  /**
   * The parts, from the first on, that an upload can be continued after: without a gap, none of them too small to be
   * followed by another, none that `isOrphaned`. `equal` also means none that differs from the first.
   */
  contiguousParts(parts: readonly Part[], isOrphaned: (part: Part) => boolean): Part[] {
    const contiguousParts: Part[] = []
    for (const part of parts.toSorted((a, b) => a.number - b.number)) {
      if (part.number !== contiguousParts.length + 1 || part.size < this.#smallest || isOrphaned(part)) break
      if (this.#mode === 'equal' && part.size !== (contiguousParts[0] ?? part).size) break
      contiguousParts.push(part)
    }
    return contiguousParts
  }

  /**
   * The parts of another program's upload, from the first on, that may be completed: without a gap, and none but the last too
   * small to be followed by another. `equal` also means none larger than the first, and none but the last smaller.
   */
  completableParts(parts: readonly Part[]): Part[] {
    const ordered = parts.toSorted((a, b) => a.number - b.number)
    const gap = ordered.findIndex(({ number }, index) => number !== index + 1)
    const contiguous = gap < 0 ? ordered : ordered.slice(0, gap)
    const first = contiguous[0]?.size ?? 0
    const small = contiguous.findIndex(
      ({ size }) => size < this.#smallest || (this.#mode === 'equal' && size !== first),
    )
    if (small < 0) return contiguous
    const isLarger = this.#mode === 'equal' && (contiguous[small]?.size ?? 0) > first
    return contiguous.slice(0, isLarger ? small : small + 1)
  }

  /** Bytes of the smallest part that another may follow. Chunks are smaller only where a test's server takes such parts. */
  get #smallest(): number {
    return Math.min(MIN_PART_SIZE, this.#chunkSize)
  }
}

/** Checksums among the fields of an answer about a part. */
export function checksumsOf(answer: object): Record<string, string> | undefined {
  const isChecksum = ([name, value]: [string, unknown]): boolean =>
    /^Checksum(?!Type$|Algorithm$)/.test(name) && typeof value === 'string'
  const found = Object.entries(answer).filter(isChecksum) as [string, string][]
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

/** Adds up the bytes of parts. */
export function totalSize(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.size, 0)
}

/** Digest of the numbers and ETags of parts, in order: it changes as soon as S3 holds other parts. */
export function partsDigest(parts: Iterable<Pick<Part, 'number' | 'etag'>>): string {
  // Some servers quote ETags in one answer and not in another.
  const lines = [...parts].map(({ number, etag }) => `${number} ${etag.replaceAll('"', '')}`)
  return createHash('sha256').update(lines.join('\n')).digest('base64url')
}
