import { describe, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { testDriver } from '@longshore/middleware-core/testing'
import { type KeyValueStore, keyValue } from '../src/key-value.ts'

const values = new Map<string, string>()
const store: KeyValueStore = {
  get: async key => values.get(key),
  set: async (key, value) => void values.set(key, value),
  delete: async key => void values.delete(key),
  keys: async () => [...values.keys()],
}

testDriver({ describe, it }, { name: 'key-value', create: () => keyValue({ store }), exclusive: true })

it('is a complete driver in less than 150 lines', async () => {
  const source = await readFile(new URL('../src/key-value.ts', import.meta.url), 'utf8')
  expect(source.split('\n').length).toBeLessThan(150)
})
