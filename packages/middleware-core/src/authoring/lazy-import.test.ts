import { describe, expect, it } from '@jest/globals'
import { lazyImport } from './lazy-import.ts'

describe('what is loaded lazyImport', () => {
  it('is loaded once, at its first use', async () => {
    let loads = 0
    const module = lazyImport(async () => ({ number: ++loads }))
    expect(loads).toBe(0)
    expect(await Promise.all([module(), module()])).toEqual([{ number: 1 }, { number: 1 }])
    expect(await module()).toEqual({ number: 1 })
  })

  it('is tried again after a failure', async () => {
    let loads = 0
    const module = lazyImport(async () => {
      loads += 1
      if (loads === 1) throw new Error('too many open files')
      return 'loaded'
    })
    await expect(module()).rejects.toThrow('too many open files')
    expect(await module()).toBe('loaded')
  })
})
