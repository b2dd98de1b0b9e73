import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { describeWith } from '@longshore/e2e/programs'
import { type RedisServer, startRedis } from '@longshore/e2e/redis'
import { redisSettings } from '../../src/config/redis.ts'
import { parseConfig } from '@longshore/middleware-core/config'
import type { CacheProvider, LookupCache } from '../../src/storage/cache/lookup-cache.ts'
import { RedisCaches } from '../../src/storage/cache/redis-caches.ts'
import { temporaryFolder } from '../support/folder.ts'
import { until } from '../support/until.ts'

interface Value {
  text: string
}

const folder = temporaryFolder()

describeWith(['redis-server'], 'nodes that share caches in Redis', () => {
  let redis: RedisServer
  let nodes: CacheProvider[] = []
  let warnings: string[] = []

  beforeEach(async () => {
    redis = await startRedis(folder.path)
  })

  afterEach(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
    nodes = []
    warnings = []
  })

  async function join(): Promise<LookupCache<Value>> {
    const settings = redisSettings(parseConfig(`storage: inmemory\nredis: { addr: "127.0.0.1:${redis.port}" }`))
    const node = await RedisCaches.open(settings, { info: () => {}, warn: text => warnings.push(text) })
    nodes.push(node)
    return node.create<Value>('values', {
      encode: ({ text }) => text,
      decode: (_key, encoded) => (encoded.toString() === 'forged' ? undefined : { text: encoded.toString() }),
    })
  }

  const nothing = async (): Promise<undefined> => undefined
  const found = async (): Promise<Value> => ({ text: 'found' })
  const isCached = (cache: LookupCache<Value>, key = 'a') => until(() => cache.get(key, nothing))

  it('give each other what one has found', async () => {
    const [one, other] = [await join(), await join()]
    expect(await one.get('a', found)).toEqual({ text: 'found' })
    expect(await isCached(other)).toEqual({ text: 'found' })
    await other.forget('a')
    expect(await one.get('a', nothing)).toBeUndefined()
    expect(warnings).toEqual([])
  })

  it('keep nothing that a lookup saw before it was deleted', async () => {
    const [one, other] = [await join(), await join()]
    let finish: ((value: Value) => void) | undefined
    const before = one.get('a', () => new Promise<Value>(resolve => (finish = resolve)))
    await until(() => finish)
    await other.delete('a', async () => undefined)
    finish?.({ text: 'late' })
    expect(await before).toEqual({ text: 'late' })
    // Commands of one connection come in order.
    await one.get('b', found)
    expect(await one.get('a', nothing)).toBeUndefined()
    expect(await other.get('a', nothing)).toBeUndefined()
  })

  it('keep nothing that was written before it was deleted, and what was written after it', async () => {
    const [one, other] = [await join(), await join()]
    const mark = one.mark()
    await other.delete('a', async () => undefined)
    one.set('a', { text: 'late' }, mark)
    one.set('b', { text: 'written' }, mark)
    expect(await isCached(other, 'b')).toEqual({ text: 'written' })
    expect(await other.get('a', nothing)).toBeUndefined()
  })

  it('look up again what they cannot read', async () => {
    const one = await join()
    one.set('a', { text: 'forged' }, one.mark())
    expect(await one.get('a', found)).toEqual({ text: 'found' })
  })

  it('delete nothing while they cannot tell each other', async () => {
    const one = await join()
    await redis.kill()
    let isDeleted = false
    const remove = async (): Promise<void> => void (isDeleted = true)
    await expect(one.delete('a', remove)).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503 })
    expect(isDeleted).toBe(false)
    expect(await one.get('a', found)).toEqual({ text: 'found' })
    await one.forget('a')
    expect(warnings).toEqual([expect.stringMatching(/^Redis: .*; until it answers no cache is used/)])
  })
})
