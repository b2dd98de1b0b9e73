import { expect, it } from '@jest/globals'
import type { CacheEntry } from './cache-peers.ts'
import type { LookupCache, ValueFormat } from './lookup-cache.ts'
import { type MemoryCacheOptions, MemoryCaches } from './memory-caches.ts'

interface Value {
  bytes: number
}

function newCache(options: MemoryCacheOptions, format: Pick<ValueFormat<Value>, 'maxBytes'> = {}): LookupCache<Value> {
  return new MemoryCaches(options).create('values', format)
}

/** Looks up what is there, and counts. */
function storage() {
  const values = new Map<string, { bytes: number }>()
  const lookups: string[] = []
  return {
    values,
    lookups,
    lookUp: (key: string) => async () => {
      lookups.push(key)
      return values.get(key)
    },
  }
}

it('looks up once what is there, and every time what is not', async () => {
  const { values, lookups, lookUp } = storage()
  const cache = newCache({ maxEntries: 10 })
  values.set('a', { bytes: 1 })
  for (const key of ['a', 'a', 'b', 'b']) await cache.get(key, lookUp(key))
  expect(lookups).toEqual(['a', 'b', 'b'])
  values.set('b', { bytes: 2 })
  expect(await cache.get('b', lookUp('b'))).toEqual({ bytes: 2 })
})

it('believes for a minute what it found', async () => {
  const { values, lookups, lookUp } = storage()
  let now = 1000
  const cache = newCache({ maxEntries: 10, clock: { now: () => now } })
  values.set('a', { bytes: 1 })
  await cache.get('a', lookUp('a'))
  values.delete('a')
  now += 59_000
  expect(await cache.get('a', lookUp('a'))).toEqual({ bytes: 1 })
  now += 2000
  expect(await cache.get('a', lookUp('a'))).toBeUndefined()
  expect(lookups).toEqual(['a', 'a'])
})

it('believes for ten minutes what it found, for those who ask for that', async () => {
  const { values, lookups, lookUp } = storage()
  let now = 1000
  const cache = newCache({ maxEntries: 10, clock: { now: () => now } })
  const tenMinutes = 600_000
  values.set('a', { bytes: 1 })
  await cache.get('a', lookUp('a'))
  now += 599_000
  values.set('a', { bytes: 2 })
  expect(await cache.get('a', lookUp('a'), tenMinutes)).toEqual({ bytes: 1 })
  expect(lookups).toEqual(['a'])
  // What somebody else had looked up meanwhile counts for all.
  expect(await cache.get('a', lookUp('a'))).toEqual({ bytes: 2 })
  now += 2000
  expect(await cache.get('a', lookUp('a'), tenMinutes)).toEqual({ bytes: 2 })
  values.delete('a')
  now += 600_000
  expect(await cache.get('a', lookUp('a'), tenMinutes)).toBeUndefined()
  expect(lookups).toEqual(['a', 'a', 'a'])
})

it('keeps no more entries and no more bytes than it may', async () => {
  const { values, lookups, lookUp } = storage()
  const few = newCache({ maxEntries: 2 })
  const small = newCache({ maxEntries: 10 }, { maxBytes: { total: 100, of: ({ bytes }) => bytes } })
  for (const key of ['a', 'b', 'c']) {
    values.set(key, { bytes: 40 })
    await few.get(key, lookUp(key))
    await small.get(key, lookUp(key))
  }
  for (const cache of [few, small]) {
    lookups.length = 0
    for (const key of ['c', 'b', 'a']) await cache.get(key, lookUp(key))
    expect(lookups).toEqual(['a'])
  }
})

it('keeps nothing when it may keep nothing', async () => {
  const { values, lookups, lookUp } = storage()
  const cache = newCache({ maxEntries: 0 })
  values.set('a', { bytes: 1 })
  cache.set('a', { bytes: 1 }, cache.mark())
  await cache.get('a', lookUp('a'))
  await cache.get('a', lookUp('a'))
  expect(lookups).toEqual(['a', 'a'])
})

it('lets those who ask at once share a lookup, and its failure, which is not kept', async () => {
  const cache = newCache({ maxEntries: 10 })
  let lookups = 0
  const fail = async (): Promise<never> => {
    lookups += 1
    throw new Error('slow down')
  }
  const asked = [cache.get('a', fail), cache.get('a', fail)]
  for (const each of asked) await expect(each).rejects.toThrow('slow down')
  expect(lookups).toBe(1)
  expect(await cache.get('a', async () => ({ bytes: 1 }))).toEqual({ bytes: 1 })
})

it('does not keep what was deleted while it was looked up, nor give it to those who ask later', async () => {
  const cache = newCache({ maxEntries: 10 })
  let found = (_value: { bytes: number }): void => {}
  const before = cache.get('a', () => new Promise<Value>(resolve => (found = resolve)))
  await cache.forget('a')
  const after = cache.get('a', async () => undefined)
  found({ bytes: 1 })
  expect([await before, await after]).toEqual([{ bytes: 1 }, undefined])
  expect(await cache.get('a', async () => undefined)).toBeUndefined()
})

it('keeps all where there is no limit', async () => {
  const { values, lookups, lookUp } = storage()
  const cache = newCache({ maxEntries: Number.POSITIVE_INFINITY })
  const keys = Array.from({ length: 20_000 }, (_, index) => String(index))
  for (const key of keys) values.set(key, { bytes: 1 })
  for (const key of [...keys, ...keys]) await cache.get(key, lookUp(key))
  expect(lookups).toEqual(keys)
})

it('does not keep what was written before a delete', async () => {
  const cache = newCache({ maxEntries: 10 })
  const mark = cache.mark()
  await cache.delete('a', async () => true)
  cache.set('a', { bytes: 1 }, mark)
  expect(await cache.get('a', async () => undefined)).toBeUndefined()
  cache.set('a', { bytes: 1 }, cache.mark())
  expect(await cache.get('a', async () => undefined)).toEqual({ bytes: 1 })
})

it.each(['succeeds', 'fails'])('has its peers forget what it deletes before the delete %s', async outcome => {
  const listeners = new Map<string, (entry: CacheEntry) => void>()
  const member = (name: string): LookupCache<Value> =>
    newCache({
      maxEntries: 10,
      peers: {
        forget: async entry => {
          await Promise.resolve()
          for (const [other, listener] of listeners) if (other !== name) listener(entry)
        },
        onForget: listener => void listeners.set(name, listener),
      },
    })
  const [one, other] = [member('one'), member('other')]
  for (const key of ['a', 'b']) other.set(key, { bytes: 1 }, other.mark())
  const remove = async (): Promise<void> => {
    if (outcome === 'fails') throw new Error('no answer')
  }
  await one.delete('a', remove).catch(() => {})
  expect(await other.get('a', async () => undefined)).toBeUndefined()
  expect(await other.get('b', async () => undefined)).toEqual({ bytes: 1 })
})
