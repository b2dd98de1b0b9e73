import type { Spool } from '../spool.ts'

interface Segment {
  spool: Spool
  start: number
  length: number
}

/**
 * The bytes of an object or of a part: stretches of spools, one after the other. A multipart object is the list of its
 * parts and a copy is another list of the same, so completing or copying 5 GiB moves no byte.
 */
export class Content {
  readonly size: number
  readonly #segments: readonly Segment[]

  private constructor(segments: readonly Segment[]) {
    this.#segments = segments
    this.size = segments.reduce((sum, segment) => sum + segment.length, 0)
  }

  /** Takes over the writer's reference. */
  static of(spool: Spool): Content {
    return new Content([{ spool, start: 0, length: spool.size }])
  }

  /** A reference of its own to each of `contents`. */
  static concat(contents: readonly Content[]): Content {
    const whole = new Content(contents.flatMap(content => content.#segments))
    whole.retain()
    return whole
  }

  /** A reference of its own to the bytes from `start` up to `end`. */
  slice(start: number, end: number): Content {
    const segments = [...this.#overlapping(start, end)]
    const slice = new Content(segments)
    slice.retain()
    return slice
  }

  retain(): void {
    for (const segment of this.#segments) segment.spool.retain()
  }

  release(): void {
    for (const segment of this.#segments) segment.spool.release()
  }

  async *read(start = 0, end: number = this.size): AsyncGenerator<Buffer, void, void> {
    for (const segment of this.#overlapping(start, end)) {
      yield* segment.spool.read(segment.start, segment.start + segment.length)
    }
  }

  *#overlapping(start: number, end: number): Generator<Segment, void, void> {
    let position = 0
    for (const { spool, start: from, length } of this.#segments) {
      const first = Math.max(start - position, 0)
      const last = Math.min(end - position, length)
      if (first < last) yield { spool, start: from + first, length: last - first }
      position += length
      if (position >= end) return
    }
  }
}
