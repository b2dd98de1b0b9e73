import type { IncomingMessage } from 'node:http'
import type { Spool, SpoolDirectory } from '../spool.ts'
import { type CacheKey, cacheName, objectKey } from './cache-key.ts'
import type { Distribution } from './distribution.ts'
import type { Origin, OriginRequest } from './origin.ts'

/** A whole object at the edge, or one that is still arriving. */
export interface CachedObject {
  key: CacheKey
  /** The origin's, lower-case. */
  headers: Record<string, string>
  size: number
  spool: Spool
  /** Milliseconds since the epoch. */
  storedAt: number
}

/** What the origin said where there is nothing to cache. */
export type Lookup =
  | { kind: 'cached'; object: CachedObject; hit: boolean }
  | { kind: 'error'; response: IncomingMessage }
  | { kind: 'uncacheable'; size: number }

export interface CacheLimits {
  /** Bytes of all objects together; an object that is larger passes through uncached. */
  total: number
  /** Bytes of one object; CloudFront caches nothing larger and refuses it. */
  object: number
}

/**
 * Whole objects by key, the least recently used going first. Viewers who ask for an object that is on its way share one
 * request to the origin and read what has arrived of it, as with CloudFront's request collapsing.
 */
export class EdgeCache {
  readonly #origin: Origin
  readonly #spools: SpoolDirectory
  readonly #limits: CacheLimits
  readonly #distribution: Distribution
  readonly #objects = new Map<string, CachedObject>()
  readonly #pending = new Map<string, Promise<Lookup>>()
  #bytes = 0

  constructor(origin: Origin, spools: SpoolDirectory, limits: CacheLimits, distribution: Distribution) {
    this.#origin = origin
    this.#spools = spools
    this.#limits = limits
    this.#distribution = distribution
  }

  /** Only what is here; makes no request. */
  peek(key: CacheKey): CachedObject | undefined {
    if (this.#distribution.cachingDisabled) return undefined
    const name = cacheName(key)
    const object = this.#objects.get(name)
    if (object) {
      this.#objects.delete(name)
      this.#objects.set(name, object)
    }
    return object
  }

  /** From here or from the origin. An object is retained for the caller, who releases its spool. */
  async get(request: OriginRequest): Promise<Lookup> {
    const { key } = request
    if (this.#distribution.cachingDisabled) return await this.#fill(request)
    const name = cacheName(key)
    const here = this.peek(key)
    if (here) {
      here.spool.retain()
      return { kind: 'cached', object: here, hit: true }
    }
    const pending = this.#pending.get(name)
    if (pending) {
      const lookup = await pending
      // An error's body can be read once: whoever waited for it asks the origin again.
      return lookup.kind === 'error' ? await this.get(request) : joined(lookup)
    }
    const started = this.#fill(request).finally(() => this.#pending.delete(name))
    this.#pending.set(name, started)
    return await started
  }

  /** Forgets one object in all its query variants and spellings, or everything: an invalidation. */
  invalidate(key?: string): void {
    for (const object of this.#objects.values()) {
      if (key === undefined || objectKey(object.key) === key) this.#drop(object)
    }
  }

  /** Starts to fetch an object and resolves when it is known what it is; its bytes arrive behind that. */
  async #fill(request: OriginRequest): Promise<Lookup> {
    const { key } = request
    const response = await this.#origin.fetch('GET', request)
    if (response.statusCode !== 200) return { kind: 'error', response }
    const size = Number(response.headers['content-length'])
    if (size > this.#limits.object || size > this.#limits.total) {
      response.destroy()
      return { kind: 'uncacheable', size }
    }
    const spool = this.#spools.spool()
    const object: CachedObject = { key, headers: textHeaders(response), size, spool, storedAt: Date.now() }
    const isKept = !/no-store|no-cache|private/.test(object.headers['cache-control'] ?? '')
    if (isKept && !this.#distribution.cachingDisabled) this.#keep(object)
    spool.retain()
    void this.#receive(object, response)
    return { kind: 'cached', object, hit: false }
  }

  async #receive(object: CachedObject, response: IncomingMessage): Promise<void> {
    const { spool } = object
    try {
      let received = 0
      for await (const chunk of response as AsyncIterable<Buffer>) {
        received += chunk.length
        await spool.write(chunk)
      }
      if (received !== object.size) throw new Error('the origin sent less than it promised')
      await spool.end()
    } catch {
      // Half an object is none: its viewers are cut off, the next one asks the origin again.
      this.#drop(object)
      await spool.fail().catch(() => {})
      return
    }
    // The writer's own reference; the cache has another one.
    spool.release()
  }

  #keep(object: CachedObject): void {
    object.spool.retain()
    this.#objects.set(cacheName(object.key), object)
    this.#bytes += object.size
    for (const oldest of this.#objects.values()) {
      if (this.#bytes <= this.#limits.total) break
      this.#drop(oldest)
    }
  }

  #drop(object: CachedObject): void {
    const name = cacheName(object.key)
    if (this.#objects.get(name) !== object) return
    this.#objects.delete(name)
    this.#bytes -= object.size
    object.spool.release()
  }
}

function joined(lookup: Lookup): Lookup {
  if (lookup.kind !== 'cached') return lookup
  lookup.object.spool.retain()
  return { ...lookup, hit: true }
}

function textHeaders(response: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) if (typeof value === 'string') headers[name] = value
  return headers
}
