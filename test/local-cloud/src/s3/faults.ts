import type { RequestRecord } from './request-log.ts'

/** What goes wrong with one request. `before`: nothing happened; `after`: the operation took effect first. */
export type Fault =
  /** An error answer; by default 503 SlowDown, before. */
  | { kind: 'error'; status?: number; code?: string; message?: string; when?: 'before' | 'after' }
  /** The connection is reset without an answer. */
  | { kind: 'reset'; when: 'before' | 'after' }
  /** The connection is reset when the headers and `bytes` of the body are out. */
  | { kind: 'cut'; bytes: number }
  /**
   * All goes well, but late: the operation starts late (`before`, the default) or its answer comes late. Like at a real
   * server, an operation that started goes on when the client has given up. One that has not does not start any more.
   */
  | { kind: 'delay'; milliseconds: number; when?: 'before' | 'after' }
  /** 200 with an error in its body, as CompleteMultipartUpload and CopyObject may answer; by default InternalError. */
  | { kind: 'error-in-200'; code?: string; message?: string; when?: 'before' | 'after' }

/** Decides about a request when it has arrived; nothing of it has been checked or done. */
export type FaultRule = (request: RequestRecord) => Fault | undefined

/** Which requests: all that is given must fit. */
export interface RequestFilter {
  operation?: string | readonly string[]
  method?: string
  bucket?: string
  key?: string | RegExp
}

/** The rules in force. The first that names a fault decides; every rule sees every request until then. */
export class Faults {
  #rules: FaultRule[] = []

  /** Returns what takes the rule out again. */
  add(rule: FaultRule): () => void {
    this.#rules.push(rule)
    return () => {
      this.#rules = this.#rules.filter(other => other !== rule)
    }
  }

  clear(): void {
    this.#rules = []
  }

  for(request: RequestRecord): Fault | undefined {
    for (const rule of this.#rules) {
      const fault = rule(request)
      if (fault) return fault
    }
    return undefined
  }
}

/** Every request. */
export function always(fault: Fault): FaultRule {
  return () => fault
}

/** The `n`th request that the rule sees, counting from 1, and no other. */
export function nth(n: number, fault: Fault): FaultRule {
  let seen = 0
  return () => (++seen === n ? fault : undefined)
}

/** One request in `n`: the `n`th, the `2n`th, ... */
export function everyNth(n: number, fault: Fault): FaultRule {
  let seen = 0
  return () => (++seen % n === 0 ? fault : undefined)
}

/** Shows `rule` only the requests that fit. */
export function matching(filter: RequestFilter, rule: FaultRule): FaultRule {
  return request => (fits(filter, request) ? rule(request) : undefined)
}

function fits(filter: RequestFilter, request: RequestRecord): boolean {
  const { operation, method, bucket, key } = filter
  if (operation !== undefined && ![operation].flat().includes(request.operation)) return false
  if (method !== undefined && method !== request.method) return false
  if (bucket !== undefined && bucket !== request.bucket) return false
  if (key === undefined) return true
  return typeof key === 'string' ? key === request.key : key.test(request.key ?? '')
}
