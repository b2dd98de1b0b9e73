import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { runCommand } from './command.ts'
import type { Figure } from './figure.ts'

const figures: Figure[] = ['walk', 'move'].map(name => ({
  name,
  title: `A ${name}`,
  seconds: 5,
  measure: () => Promise.reject(new Error('not asked to measure')),
}))

describe('the command line', () => {
  let said = ''
  beforeEach(() => {
    said = ''
    const say = (text: unknown): boolean => (said += String(text)) !== ''
    jest.spyOn(process.stderr, 'write').mockImplementation(say)
    jest.spyOn(console, 'error').mockImplementation(text => void say(text))
    jest.spyOn(console, 'log').mockImplementation(text => void say(text))
  })
  afterEach(() => void jest.restoreAllMocks())

  it('lists figures and measures nothing', async () => {
    expect(await runCommand(['--list', '--only', 'mo'], figures)).toBe(0)
    expect(said).toBe('move  A move (5 s)')
  })

  it('says which figures there are when it is asked for another', async () => {
    expect(await runCommand(['--only', 'pull'], figures)).toBe(1)
    expect(said).toContain('accepted: the name of a figure or its beginning: walk, move')
  })

  it('refuses what it does not know', async () => {
    expect(await runCommand(['--fast'], figures)).toBe(1)
    expect(said).toContain("unknown option '--fast'")
  })
})
