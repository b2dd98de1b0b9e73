import { type StorageDriver, type StorageErrorCode, isStorageError } from '@longshore/middleware-core'
import { NoAnswerError, pingStorage } from './storage-check.ts'

/** Health of a registry, and if it is bad the reason, in a few words that anybody may read. */
export interface HealthReport {
  readonly healthy: boolean
  readonly reason?: string | undefined
}

/** Time for which an answer of the storage counts: it is asked no more often, however often the health is. */
const DEFAULT_MAX_AGE_MS = 1000

/** Time that the storage may take to answer: less than a load balancer waits for the registry. */
const DEFAULT_TIMEOUT_MS = 3000

const reasons: Partial<Record<StorageErrorCode, string>> = {
  UNAVAILABLE: 'the storage is not available',
  ACCESS_DENIED: 'the storage refuses access',
  CONFIG: 'the storage is not there as configured',
}

export interface HealthOptions {
  /** False where the storage is not asked. Default true. */
  readonly asksStorage?: boolean
  readonly maxAgeMs?: number
  readonly timeoutMs?: number
  /** Failures in a row from which on the health is bad. Default 1. */
  readonly threshold?: number
}

/** Health of a registry: that of its storage, until it shuts down. */
export class Health {
  readonly #storage: StorageDriver
  readonly #maxAgeMs: number
  readonly #timeoutMs: number
  readonly #threshold: number
  readonly #asksStorage: boolean
  #failures = 0
  #latest: Promise<HealthReport> | undefined
  #isStopping = false

  constructor(storage: StorageDriver, options: HealthOptions = {}) {
    const { maxAgeMs = DEFAULT_MAX_AGE_MS, timeoutMs = DEFAULT_TIMEOUT_MS, threshold = 1, asksStorage = true } = options
    this.#storage = storage
    this.#threshold = threshold
    this.#asksStorage = asksStorage
    this.#maxAgeMs = maxAgeMs
    this.#timeoutMs = timeoutMs
  }

  /** Asks the storage. Never rejects, and takes no longer than the timeout. Callers at the same time share one answer. */
  async check(): Promise<HealthReport> {
    if (this.#isStopping) return { healthy: false, reason: 'shutting down' }
    if (!this.#asksStorage) return { healthy: true }
    this.#latest ??= this.#ask().finally(() => {
      setTimeout(() => (this.#latest = undefined), this.#maxAgeMs).unref()
    })
    return this.#latest
  }

  /** Makes it bad from now on, so that no new requests come. */
  stop(): void {
    this.#isStopping = true
  }

  async #ask(): Promise<HealthReport> {
    const report = await pingStorage(this.#storage, this.#timeoutMs).then(() => ({ healthy: true }), reportOf)
    this.#failures = report.healthy ? 0 : this.#failures + 1
    return this.#failures < this.#threshold ? { healthy: true } : report
  }
}

/** Makes a report without the error's message, which may hold what only the operator should see. */
function reportOf(error: unknown): HealthReport {
  if (error instanceof NoAnswerError) return { healthy: false, reason: 'the storage does not answer' }
  const reason = isStorageError(error) ? reasons[error.code] : undefined
  return { healthy: false, reason: reason ?? 'the storage fails' }
}
