import type { HealthReport } from '../observability/health.ts'
import type { MetricsSnapshot } from '../observability/metrics.ts'
import type { CacheEntry } from '../storage/cache/cache-peers.ts'

/** Time in which a worker has to answer its parent. */
export const ANSWER_TIMEOUT_MS = 5_000

/** Registry that a worker runs. */
export interface Assignment {
  readonly configFile: string
  /** True when the environment overrides the configuration. */
  readonly usesEnvironment: boolean
  /** Name of the worker in metrics, and of one that replaces it. */
  readonly name: string
  /** Used where the configuration has no secret: all workers must have the same. */
  readonly secret: string
}

/** Questions of the parent to a worker, and their answers. */
export interface Questions {
  health: HealthReport
  metrics: readonly MetricsSnapshot[]
}

/** Parent to worker. */
export type ToWorker =
  | { readonly kind: 'run'; readonly assignment: Assignment }
  | { readonly kind: 'question'; readonly id: number; readonly about: keyof Questions }
  /** Another worker deleted it. The answer is `true`. */
  | { readonly kind: 'forget'; readonly id: number; readonly entry: CacheEntry }
  /** All others have forgotten what this worker deleted, but for those that did not answer. */
  | { readonly kind: 'forgotten'; readonly id: number; readonly silent: readonly string[] }
  /** Comes with a connection, unless that has broken on the way. */
  | { readonly kind: 'connection' }
  /** The connection before it has arrived. */
  | { readonly kind: 'arrived' }
  /** No connection comes any more. */
  | { readonly kind: 'stop' }

/** Message of a worker that has started. */
export interface Ready {
  /** Oddities of the configuration. */
  readonly warnings: readonly string[]
}

/** Worker to parent. */
export type ToParent =
  /** From now on it receives messages. */
  | { readonly kind: 'here' }
  /** From now on it takes connections. */
  | ({ readonly kind: 'ready' } & Ready)
  /** It could not start. The message is for the user. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Questions[keyof Questions] | true }
  /** All others are to forget it, which is answered with `forgotten`. */
  | { readonly kind: 'forget'; readonly id: number; readonly entry: CacheEntry }
  /** It was asked to end by a signal, and waits for `stop`. */
  | { readonly kind: 'leaving' }
  | { readonly kind: 'stopped'; readonly requests: number }
