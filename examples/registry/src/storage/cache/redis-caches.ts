import type { Redis } from 'ioredis'
import type { RedisSettings } from '../../config/redis.ts'
import { RegistryError } from '../../oci/errors.ts'
import {
  type CacheProvider,
  DEFAULT_MAX_AGE_MS,
  type LookUp,
  type LookupCache,
  type Mark,
  TTL_MS,
  type ValueFormat,
} from './lookup-cache.ts'
import { createRedisClient } from './redis-client.ts'

/** Time for which nothing is cached under the key of what was deleted. */
const TOMBSTONE_MS = 120_000

/** Age of a mark from which nothing is kept: half of a tombstone's time, so that one of any later delete still stands. */
const MAX_MARK_AGE_MS = TOMBSTONE_MS / 2

/** Bytes of a value from which on it is not kept: Redis serves one client at a time. */
const MAX_VALUE_BYTES = 1 << 20

/** Time after which a Redis that did not answer is tried again. Until then nobody waits for it. */
const PROBE_INTERVAL_MS = 1000

/** Time between two warnings of a Redis that answers now and then. */
const WARNING_INTERVAL_MS = 60_000

/** Namespace of all keys. It changes with the form of the values. */
const NAMESPACE = 'longshore:1'

// All times are the server's, so that no two clocks are compared. An empty value is a tombstone.
const now = `local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000)`
const scripts = {
  /** Gives the time, the time that the value has left, and the value. */
  longshoreGet: {
    numberOfKeys: 1,
    lua: `${now} return { now, redis.call('PTTL', KEYS[1]), redis.call('GET', KEYS[1]) }`,
  },
  /** Stores a value (1) that was known at a moment (2), if that is no longer ago than (3), to be kept for (4). */
  longshoreSet: {
    numberOfKeys: 1,
    lua: `${now}
if now - ARGV[2] > tonumber(ARGV[3]) then return 0 end
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('STRLEN', KEYS[1]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4])
return 1`,
  },
}

type Scripted = Redis & {
  longshoreGetBuffer(key: string): Promise<[nowMs: number, leftMs: number, value: Buffer | null]>
  longshoreSet(key: string, value: Buffer | string, since: Mark, maxAgeMs: number, ttlMs: number): Promise<number>
}

/** Value as Redis has it. Empty: deleted lately. */
interface Found {
  readonly value: Buffer | undefined
  readonly ageMs: number
  readonly mark: Mark
}

export interface CacheLog {
  info(message: string): void
  warn(message: string): void
}

/**
 * Caches that all nodes share in a Redis, so that a delete at one is seen by all. Nothing is kept in memory beside it.
 *
 * A delete leaves a tombstone before it begins, under which nothing is kept for some time: a lookup that saw the thing before
 * it went comes too late to bring it back. While Redis does not answer everything is looked up in the storage, and deletes are
 * refused, because other nodes may still reach it.
 */
export class RedisCaches implements CacheProvider {
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Connects. A Redis that cannot be reached is warned of, and tried again and again. */
  static async open(settings: RedisSettings, log: CacheLog): Promise<RedisCaches> {
    const client = await createRedisClient(settings)
    const connection = new Connection(client, log)
    await connection.open(settings.dialTimeoutMs)
    return new RedisCaches(connection)
  }

  create<Value extends object>(name: string, format: ValueFormat<Value>): LookupCache<Value> {
    return new RedisCache(this.#connection, `${NAMESPACE}:${name}:`, format)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close()
  }
}

class RedisCache<Value extends object> implements LookupCache<Value> {
  readonly #connection: Connection
  readonly #prefix: string
  readonly #format: ValueFormat<Value>

  constructor(connection: Connection, prefix: string, format: ValueFormat<Value>) {
    this.#connection = connection
    this.#prefix = prefix
    this.#format = format
  }

  async get(key: string, lookUp: LookUp<Value>, maxAgeMs: number = DEFAULT_MAX_AGE_MS): Promise<Value | undefined> {
    const cached = await this.#connection.get(this.#prefix + key)
    if (cached?.value?.length && cached.ageMs <= maxAgeMs) {
      const value = this.#format.decode(key, cached.value)
      if (value !== undefined) return value
    }
    const found = await lookUp()
    if (found !== undefined) this.set(key, found, cached?.mark ?? Number.NaN)
    else if (cached?.value?.length) await this.forget(key)
    return found
  }

  mark(): Mark {
    return this.#connection.now
  }

  set(key: string, value: Value, since: Mark): void {
    const encoded = this.#format.encode(value)
    if (encoded.length <= MAX_VALUE_BYTES) this.#connection.set(this.#prefix + key, encoded, since)
  }

  async delete<Result>(key: string, remove: () => Promise<Result>): Promise<Result> {
    const begin = performance.now()
    await this.#bury(key)
    const result = await remove()
    // Where that took long, the tombstone has to stand as long as a lookup may take that began before the end.
    if (performance.now() - begin > TOMBSTONE_MS - MAX_MARK_AGE_MS - PROBE_INTERVAL_MS) await this.#bury(key)
    return result
  }

  async forget(key: string): Promise<void> {
    await this.#connection.bury(this.#prefix + key)
  }

  async #bury(key: string): Promise<void> {
    if (await this.#connection.bury(this.#prefix + key)) return
    const message = 'the cache does not answer that tells other nodes of deletes; try again'
    throw new RegistryError('UNAVAILABLE', message, { headers: { 'retry-after': '1' } })
  }
}

/** Connection to Redis on which no command rejects. After one that failed nobody waits for Redis, until it answers again. */
class Connection {
  readonly #client: Scripted
  readonly #log: CacheLog
  #isDown = false
  /** Last error of the connection: what commands reject with does not say more than that there is none. */
  #reason: string | undefined
  #warnedAt = Number.NEGATIVE_INFINITY
  #probe: NodeJS.Timeout | undefined
  /** Time of the server, and when it was told here. */
  #time: { readonly server: number; readonly here: number } | undefined

  constructor(client: Redis, log: CacheLog) {
    for (const [name, script] of Object.entries(scripts)) client.defineCommand(name, script)
    client.on('error', (error: Error) => (this.#reason = error.message))
    this.#client = client as Scripted
    this.#log = log
  }

  async open(timeoutMs: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timeoutMs)
      const connected = (): void => {
        clearTimeout(timer)
        resolve()
      }
      this.#client.connect().then(connected, connected)
    })
    await this.get(NAMESPACE)
  }

  async close(): Promise<void> {
    clearTimeout(this.#probe)
    this.#probe = undefined
    this.#isDown = true
    await this.#client.quit().catch(() => this.#client.disconnect())
  }

  /** Time of the server, or a little earlier; not a number before it was ever told. */
  get now(): number {
    return this.#time ? this.#time.server + performance.now() - this.#time.here : Number.NaN
  }

  /** Undefined: Redis does not answer. */
  async get(key: string): Promise<Found | undefined> {
    if (this.#isDown) return undefined
    return this.#ask(key)
  }

  set(key: string, value: Buffer | string, since: Mark): void {
    if (this.#isDown || Number.isNaN(since)) return
    void this.#try(this.#client.longshoreSet(key, value, Math.floor(since), MAX_MARK_AGE_MS, TTL_MS))
  }

  /** Puts a tombstone in place of a value. Tries in any case. False when Redis does not answer. */
  async bury(key: string): Promise<boolean> {
    return (await this.#try(this.#client.set(key, '', 'PX', TOMBSTONE_MS))) !== undefined
  }

  async #ask(key: string): Promise<Found | undefined> {
    const answer = await this.#try(this.#client.longshoreGetBuffer(key))
    if (!answer) return undefined
    const [server, left, value] = answer
    this.#time = { server, here: performance.now() }
    return { value: value ?? undefined, ageMs: TTL_MS - left, mark: server }
  }

  async #try<Answer>(command: Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await command
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  #failed(error: unknown): void {
    if (this.#isDown) return
    this.#isDown = true
    this.#probeLater()
    if (performance.now() - this.#warnedAt < WARNING_INTERVAL_MS) return
    this.#warnedAt = performance.now()
    const reason = this.#client.status === 'ready' ? (error as Error).message : this.#reason
    this.#log.warn(`Redis: ${reason ?? 'no connection'}; until it answers no cache is used, and deletes are refused`)
  }

  #probeLater(): void {
    this.#probe = setTimeout(() => void this.#askAgain(), PROBE_INTERVAL_MS).unref()
  }

  async #askAgain(): Promise<void> {
    const answer = await this.#ask(NAMESPACE)
    if (this.#probe === undefined) return
    if (!answer) return this.#probeLater()
    this.#isDown = false
    this.#log.info('Redis: answers again')
  }
}
