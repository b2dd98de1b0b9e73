import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { InMemoryDriver } from '../drivers/inmemory/driver.ts'
import { defineDriver } from './define-driver.ts'

describe('a factory', () => {
  const seen: unknown[] = []
  const mine = defineDriver({
    name: 'mine',
    options: z.object({ rootDirectory: z.string().default('/var') }),
    create: options => {
      seen.push(options)
      return new InMemoryDriver()
    },
  })

  it('tells what it makes', () => {
    expect(mine.kind).toBe('driver')
    expect(mine.definition.name).toBe('mine')
    expect(Object.keys(mine.definition.options._zod.def.shape)).toEqual(['rootDirectory'])
  })

  it('checks its options and fills in their defaults', () => {
    expect(mine({}).name).toBe('mine')
    mine({ rootDirectory: '/srv' })
    expect(seen).toEqual([{ rootDirectory: '/var' }, { rootDirectory: '/srv' }])
    expect(() => mine({ root: '/srv' } as never)).toThrow('mine options.root: unknown option')
  })
})
