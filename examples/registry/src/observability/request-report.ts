/** Request that has come. */
export interface RequestArrival {
  readonly method: string
  /** Pattern of its path, such as `/v2/:name/tags/list`; undefined when there is no such endpoint. */
  readonly route: string | undefined
}

/** Request and its answer. */
export interface RequestReport extends RequestArrival {
  /** `X-Request-Id` of the answer. */
  readonly id: string
  /** Path and query as the client sent them, without what may be secret in the query. */
  readonly url: string
  /** Undefined when the client went away before it had its answer. */
  readonly status: number | undefined
  /** Server of the blob that was asked for: `inline` for the registry itself, or else the URL's `via`. */
  readonly servedBy: string | undefined
  /** Bytes of the request's body. */
  readonly received: number
  /** Bytes of the answer, its headers included. */
  readonly sent: number
  /** Time from the request to the end of its answer. */
  readonly durationMs: number
  /** Address at the other end of the connection: the client's own or a proxy's. */
  readonly remoteAddress: string | undefined
  readonly userAgent: string | undefined
  /** Name of the user, where the registry knows it. */
  readonly user: string | undefined
}

/** Request that failed with a status from 500 on. */
export type FailedRequest = Pick<RequestReport, 'id' | 'method' | 'url'>
