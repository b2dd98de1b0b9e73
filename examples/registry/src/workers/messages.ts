import type { Address } from '../config/address.ts'
import type { HealthReport } from '../observability/health.ts'
import type { MetricsSnapshot } from '../observability/metrics.ts'

/** What a worker is to run. */
export interface Assignment {
  readonly configFile: string
  /** Whether the environment overrides the configuration. */
  readonly usesEnvironment: boolean
  /** Takes precedence over the configuration's. */
  readonly address: Partial<Address>
  /** What the worker is called in metrics. One that replaces it is called the same. */
  readonly name: string
  /** Used where the configuration has no secret: all workers must have the same. */
  readonly secret: string
}

/** What the parent asks a worker, and gets. */
export interface Questions {
  health: HealthReport
  metrics: readonly MetricsSnapshot[]
}

/** Parent to worker. */
export type ToWorker =
  | { readonly kind: 'run'; readonly assignment: Assignment }
  | { readonly kind: 'question'; readonly id: number; readonly about: keyof Questions }
  | { readonly kind: 'stop' }

/** What a worker tells when it has started. */
export interface Listening {
  /** Host and port as clients write them. */
  readonly authority: string
  /** What is odd in the configuration. */
  readonly warnings: readonly string[]
}

/** Worker to parent. */
export type ToParent =
  /** What is said to it from now on is heard. */
  | { readonly kind: 'here' }
  | ({ readonly kind: 'listening' } & Listening)
  /** It could not start. The message is for the user. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Questions[keyof Questions] }
  | { readonly kind: 'stopped'; readonly requests: number }
