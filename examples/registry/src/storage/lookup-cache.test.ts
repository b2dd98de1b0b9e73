import { expect, it } from '@jest/globals'
import { LookupCache } from './lookup-cache.ts'

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
  const cache = new LookupCache<{ bytes: number }>({ maxEntries: 10 })
  values.set('a', { bytes: 1 })
  for (const key of ['a', 'a', 'b', 'b']) await cache.get(key, lookUp(key))
  expect(lookups).toEqual(['a', 'b', 'b'])
  values.set('b', { bytes: 2 })
  expect(await cache.get('b', lookUp('b'))).toEqual({ bytes: 2 })
})

it('believes for a minute what it found', async () => {
  const { values, lookups, lookUp } = storage()
  let now = 1000
  const cache = new LookupCache<{ bytes: number }>({ maxEntries: 10, clock: { now: () => now } })
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
  const cache = new LookupCache<{ bytes: number }>({ maxEntries: 10, clock: { now: () => now } })
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
  const few = new LookupCache<{ bytes: number }>({ maxEntries: 2 })
  const small = new LookupCache<{ bytes: number }>({
    maxEntries: 10,
    maxBytes: { total: 100, of: ({ bytes }) => bytes },
  })
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
  const cache = new LookupCache<{ bytes: number }>({ maxEntries: 0 })
  values.set('a', { bytes: 1 })
  cache.set('a', { bytes: 1 })
  await cache.get('a', lookUp('a'))
  await cache.get('a', lookUp('a'))
  expect(lookups).toEqual(['a', 'a'])
})

it('lets those who ask at once share a lookup, and its failure, which is not kept', async () => {
  const cache = new LookupCache<{ bytes: number }>({ maxEntries: 10 })
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
  const cache = new LookupCache<{ bytes: number }>({ maxEntries: 10 })
  let found = (_value: { bytes: number }): void => {}
  const before = cache.get('a', () => new Promise(resolve => (found = resolve)))
  cache.delete('a')
  const after = cache.get('a', async () => undefined)
  found({ bytes: 1 })
  expect([await before, await after]).toEqual([{ bytes: 1 }, undefined])
  expect(await cache.get('a', async () => undefined)).toBeUndefined()
})
