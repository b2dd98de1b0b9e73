import type { IncomingHttpHeaders } from 'node:http'

/** One request as it came in and as it was answered. Fields of the answer are filled while it is given. */
export interface RequestRecord {
  /** Counts from 1 since the start or the last `reset`. */
  sequence: number
  /** S3's name of it: `PutObject`, `UploadPart`, ...; `Unknown` where it is none. */
  operation: string
  method: string
  /** Not decoded. */
  target: string
  bucket: string | undefined
  key: string | undefined
  headers: IncomingHttpHeaders
  /** `undefined` while there is no answer, and where the connection was cut instead. */
  status: number | undefined
  /** The error code of a refusal. */
  code: string | undefined
  /** Of the bodies, as on the wire. */
  bytesIn: number
  bytesOut: number
  /** `Date.now()`. */
  startedAt: number
  milliseconds: number | undefined
}

/** What came in: the records of the last requests, and exact counts of all. */
export class RequestLog {
  readonly #kept: number
  #records: RequestRecord[] = []
  #counts = new Map<string, number>()
  #total = 0

  constructor(kept: number) {
    this.#kept = kept
  }

  /** Oldest first. */
  get records(): readonly RequestRecord[] {
    return this.#records.slice(-this.#kept)
  }

  /** How many came in, of one operation or of all. */
  count(operation?: string): number {
    return operation === undefined ? this.#total : (this.#counts.get(operation) ?? 0)
  }

  /** Requests by operation. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  reset(): void {
    this.#records = []
    this.#counts = new Map()
    this.#total = 0
  }

  add(record: Omit<RequestRecord, 'sequence'>): RequestRecord {
    const added = { ...record, sequence: ++this.#total }
    this.#counts.set(record.operation, this.count(record.operation) + 1)
    this.#records.push(added)
    if (this.#records.length > 2 * this.#kept) this.#records = this.#records.slice(-this.#kept)
    return added
  }
}
