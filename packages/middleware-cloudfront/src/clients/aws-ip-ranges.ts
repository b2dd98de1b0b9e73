import { channel } from 'node:diagnostics_channel'
import { setTimeout as wait } from 'node:timers/promises'
import { type IpRangesFile, type WantedRanges, readIpRangesFile } from './aws-ip-ranges-file.ts'
import { type RequestLimits, type Version, requestVersion } from './aws-ip-ranges-request.ts'
import type { IpAddress } from './ip-address.ts'
import type { IpRanges } from './ip-ranges.ts'
import { warn } from '../warning.ts'

/** One attempt to load or refresh the ranges, as subscribers of {@link ipRangesChannel} see it. */
export interface IpRangesUpdate {
  /** Without its query. */
  readonly url: string
  /** `unchanged`: the server says that the ranges at hand are the newest. */
  readonly outcome: 'loaded' | 'unchanged' | 'failed'
  /** How many entries of the file count, when it was loaded. */
  readonly prefixes?: number
  /** How many of its entries were illegible and left out. */
  readonly skipped?: number
  /** What went wrong. */
  readonly error?: unknown
  /** Milliseconds until the next attempt. */
  readonly next: number
}

/** The diagnostics channel on which every attempt to load or refresh address ranges is announced. */
export const ipRangesChannel = channel('longshore:ip-ranges')

/** Where the ranges come from and how often. */
export interface AwsIpRangesOptions {
  readonly url: URL
  readonly wanted: WantedRanges
  /** Milliseconds. */
  readonly updateFrequency: number
}

/** What stands between the ranges and the world, for tests to replace. */
export interface AwsIpRangesHost {
  /** Waits some milliseconds, without keeping the process alive. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
  /** From 0 to 1. */
  readonly random: () => number
  readonly limits: RequestLimits
}

const host: AwsIpRangesHost = {
  wait: (milliseconds, signal) => wait(milliseconds, undefined, { ref: false, signal }),
  random: Math.random,
  limits: { timeout: 30_000, maxBytes: 16 * 1024 * 1024 },
}

/** After a first failure, in milliseconds; doubled after each further one. */
const firstRetry = 1000
const longestRetry = 5 * 60_000
/** The longest that a timer of Node can wait. */
const longestWait = 2 ** 31 - 1

/**
 * AWS's address ranges, loaded and kept fresh in the background. Until they are loaded they hold no address; a refresh
 * that fails leaves them as they were. Nothing of it keeps the process alive.
 */
export class AwsIpRanges implements AsyncDisposable {
  readonly #options: AwsIpRangesOptions
  readonly #host: AwsIpRangesHost
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  /** The URL without its query, which may hold a secret. */
  readonly #name: string
  #ranges: IpRanges | undefined
  #version: Version | undefined
  #failures = 0

  /** Starts loading. `changes` replaces parts of the world. */
  constructor(options: AwsIpRangesOptions, changes: Partial<AwsIpRangesHost> = {}) {
    this.#options = options
    this.#name = options.url.origin + options.url.pathname
    this.#host = { ...host, ...changes }
    this.#running = this.#run()
  }

  has(address: IpAddress): boolean {
    return this.#ranges?.has(address) ?? false
  }

  /** Ends the request that is under way, and the refreshing. The ranges stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    try {
      for (;;) await this.#host.wait(await this.#update(signal), signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Makes one attempt, and says after how many milliseconds the next is due. */
  async #update(signal: AbortSignal): Promise<number> {
    const { url, wanted } = this.#options
    try {
      const answer = await requestVersion(url, this.#version, this.#host.limits, signal)
      const file = answer && readIpRangesFile(answer.text, wanted)
      this.#failures = 0
      const next = this.#untilRefresh()
      if (file) {
        this.#ranges = file.ranges
        // Only now: garbage must not be taken for the newest version from then on.
        this.#version = answer.version
        this.#announceLoaded(file, next)
      } else this.#announce({ outcome: 'unchanged', next })
      return next
    } catch (error) {
      signal.throwIfAborted()
      this.#failures++
      const next = this.#untilRetry()
      this.#announce({ outcome: 'failed', error, next })
      if (this.#failures === 1) this.#warnOfFailure(error, next)
      return next
    }
  }

  /** A little less than the option says, so that many processes do not ask at once. */
  #untilRefresh(): number {
    return Math.min(longestWait, this.#options.updateFrequency * (1 - this.#host.random() / 10))
  }

  #untilRetry(): number {
    const backoff = Math.min(longestRetry, firstRetry * 2 ** (this.#failures - 1), this.#options.updateFrequency)
    return backoff * (1 - this.#host.random() / 2)
  }

  #announce(update: Omit<IpRangesUpdate, 'url'>): void {
    if (ipRangesChannel.hasSubscribers) ipRangesChannel.publish({ url: this.#name, ...update })
  }

  #announceLoaded({ prefixes, skipped, unknown }: IpRangesFile, next: number): void {
    this.#announce({ outcome: 'loaded', prefixes, skipped, next })
    if (unknown.length === 0) return
    warn('LONGSHORE_IP_RANGES', `the address ranges at ${this.#name} have no entry for: ${unknown.join(', ')}`)
  }

  /** Once a failure, not once an attempt. */
  #warnOfFailure(error: unknown, next: number): void {
    const reason = error instanceof Error ? error.message : String(error)
    const meanwhile = this.#ranges ? 'the ones at hand stay in use' : 'every client gets a CloudFront URL'
    const retry = `next attempt in ${Math.ceil(next / 1000)} s`
    const failure = `cannot load address ranges from ${this.#name}: ${reason}`
    warn('LONGSHORE_IP_RANGES', `${failure}; ${meanwhile}; ${retry}`)
  }
}
