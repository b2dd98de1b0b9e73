import { expect, it } from '@jest/globals'
import { createRefusalLog } from './refusal-log.ts'

it('tells of the first refusal of each kind, and then of one a minute with the number of the others', () => {
  const lines: string[] = []
  const clock = { at: 0, now: () => clock.at }
  const log = createRefusalLog(line => lines.push(line), clock)
  const refuse = (kind: string, atMs: number): void => {
    clock.at = atMs
    log({ kind, reason: `${kind} at ${atMs}` })
  }
  for (const atMs of [0, 1, 59_999]) refuse('a', atMs)
  refuse('b', 59_999)
  refuse('a', 60_000)
  refuse('a', 120_001)
  expect(lines).toEqual([
    'refused a client: a at 0',
    'refused a client: b at 59999',
    'refused a client: a at 60000; 2 more for such a reason since the last time',
    'refused a client: a at 120001',
  ])
})
