import { channel } from 'node:diagnostics_channel'
import { setTimeout as wait } from 'node:timers/promises'
import { type IpRangesFile, type IpRangesSelection, parseIpRangesFile } from './aws-ip-ranges-file.ts'
import { type RequestLimits, type Version, requestVersion } from './aws-ip-ranges-request.ts'
import type { IpAddress } from './ip-address.ts'
import type { IpRanges } from './ip-ranges.ts'
import { warn } from '../warning.ts'

/** Attempt to load or refresh the ranges, as subscribers of {@link ipRangesChannel} see it. */
export interface IpRangesUpdate {
  /** URL of the ranges without its query. */
  readonly url: string
  /** `unchanged`: the server says that the ranges at hand are the newest. */
  readonly outcome: 'loaded' | 'unchanged' | 'failed'
  /** Number of selected entries, when the file was loaded. */
  readonly prefixCount?: number
  /** Number of entries left out because their prefix cannot be parsed. */
  readonly skippedCount?: number
  /** Error of a failed attempt. */
  readonly error?: unknown
  /** Milliseconds until the next attempt. */
  readonly nextAttemptMs: number
}

/** Diagnostics channel with an {@link IpRangesUpdate} for every attempt to load or refresh the ranges. */
export const ipRangesChannel = channel('longshore:ip-ranges')

/** Source and selection of the ranges. */
export interface AwsIpRangesOptions {
  readonly url: URL
  readonly selection: IpRangesSelection
  /** Milliseconds between two refreshes. */
  readonly updateFrequency: number
}

/** Timer, randomness and limits, for tests to replace. */
export interface AwsIpRangesEnvironment {
  /** Waits some milliseconds, without keeping the process alive. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
  /** Random number from 0 to 1. */
  readonly random: () => number
  readonly limits: RequestLimits
}

const defaultEnvironment: AwsIpRangesEnvironment = {
  wait: (milliseconds, signal) => wait(milliseconds, undefined, { ref: false, signal }),
  random: Math.random,
  limits: { timeoutMs: 30_000, maxBytes: 16 * 1024 * 1024 },
}

/** Delay after a first failure; doubled after each further one. */
const MIN_RETRY_MS = 1000
const MAX_RETRY_MS = 5 * 60_000
/** Longest delay of a timer of Node. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * AWS's address ranges, loaded and refreshed in the background. Until they are loaded they hold no address; a refresh that fails
 * leaves them as they were. Nothing of it keeps the process alive.
 */
export class AwsIpRanges implements AsyncDisposable {
  readonly #options: AwsIpRangesOptions
  readonly #environment: AwsIpRangesEnvironment
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  /** URL without its query, which may hold a secret. */
  readonly #shownUrl: string
  #ranges: IpRanges | undefined
  #version: Version | undefined
  #failures = 0

  /** Starts to load. */
  constructor(options: AwsIpRangesOptions, environment: Partial<AwsIpRangesEnvironment> = {}) {
    this.#options = options
    this.#shownUrl = options.url.origin + options.url.pathname
    this.#environment = { ...defaultEnvironment, ...environment }
    this.#running = this.#run()
  }

  has(address: IpAddress): boolean {
    return this.#ranges?.has(address) ?? false
  }

  /** Aborts the request that is under way, and stops refreshing. The ranges stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    try {
      for (;;) await this.#environment.wait(await this.#update(signal), signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Makes one attempt. Gives the milliseconds until the next one. */
  async #update(signal: AbortSignal): Promise<number> {
    const { url, selection } = this.#options
    try {
      const answer = await requestVersion(url, this.#version, this.#environment.limits, signal)
      const file = answer && parseIpRangesFile(answer.text, selection)
      this.#failures = 0
      const nextAttemptMs = this.#refreshDelayMs()
      if (file) {
        this.#ranges = file.ranges
        // Only now: garbage must not be taken for the newest version from then on.
        this.#version = answer.version
        this.#publishLoaded(file, nextAttemptMs)
      } else this.#publish({ outcome: 'unchanged', nextAttemptMs })
      return nextAttemptMs
    } catch (error) {
      signal.throwIfAborted()
      this.#failures++
      const nextAttemptMs = this.#retryDelayMs()
      this.#publish({ outcome: 'failed', error, nextAttemptMs })
      if (this.#failures === 1) this.#warnOfFailure(error, nextAttemptMs)
      return nextAttemptMs
    }
  }

  /** Gives up to a tenth less than the option, so that many processes do not ask at once. */
  #refreshDelayMs(): number {
    return Math.min(MAX_TIMER_MS, this.#options.updateFrequency * (1 - this.#environment.random() / 10))
  }

  #retryDelayMs(): number {
    const backoff = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** (this.#failures - 1), this.#options.updateFrequency)
    return backoff * (1 - this.#environment.random() / 2)
  }

  #publish(update: Omit<IpRangesUpdate, 'url'>): void {
    if (ipRangesChannel.hasSubscribers) ipRangesChannel.publish({ url: this.#shownUrl, ...update })
  }

  #publishLoaded({ prefixCount, skippedCount, unknown }: IpRangesFile, nextAttemptMs: number): void {
    this.#publish({ outcome: 'loaded', prefixCount, skippedCount, nextAttemptMs })
    if (unknown.length === 0) return
    warn('LONGSHORE_IP_RANGES', `the address ranges at ${this.#shownUrl} have no entry for: ${unknown.join(', ')}`)
  }

  /** Warns of the first of several failures in a row. */
  #warnOfFailure(error: unknown, nextAttemptMs: number): void {
    const reason = error instanceof Error ? error.message : String(error)
    const meanwhile = this.#ranges ? 'the ones at hand stay in use' : 'every client gets a CloudFront URL'
    const retry = `next attempt in ${Math.ceil(nextAttemptMs / 1000)} s`
    const failure = `cannot load address ranges from ${this.#shownUrl}: ${reason}`
    warn('LONGSHORE_IP_RANGES', `${failure}; ${meanwhile}; ${retry}`)
  }
}
