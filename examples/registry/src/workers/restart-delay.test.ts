import { expect, it } from '@jest/globals'
import { RestartDelay } from './restart-delay.ts'

it('waits longer each time, up to ten seconds', () => {
  const delay = new RestartDelay()
  const delays = Array.from({ length: 9 }, () => delay.after(0))
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
})

it('starts again after a process that has run for a minute', () => {
  const delay = new RestartDelay()
  for (let round = 0; round < 5; round++) delay.after(0)
  expect([delay.after(60_000), delay.after(0), delay.after(0)]).toEqual([100, 200, 400])
})
