import { describe, expect, it } from '@jest/globals'
import { basic, codesOf } from '../support/client.ts'
import { entry, passwordRegistries, statusOf } from '../support/password-registries.ts'

const { start } = passwordRegistries()

async function millisecondsOf(task: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await task()
  return performance.now() - startedAt
}

describe('the time that a check takes', () => {
  it('is spent once on credentials that are right', async () => {
    const registry = await start(await entry('ann', 'secret', { cost: 12 }))
    const first = await millisecondsOf(() => statusOf(registry, 'ann', 'secret'))
    const more = await millisecondsOf(async () => {
      for (let count = 0; count < 40; count += 1) expect(await statusOf(registry, 'ann', 'secret')).toBe(200)
    })
    expect(more).toBeLessThan(first * 10)
  })

  it('is spent once on the same credentials that come at the same time', async () => {
    const registry = await start(await entry('ann', 'secret', { cost: 12 }))
    const one = await millisecondsOf(() => statusOf(registry, 'ann', 'wrong'))
    const many = await millisecondsOf(() =>
      Promise.all(Array.from({ length: 40 }, () => statusOf(registry, 'ann', 'secret'))),
    )
    expect(many).toBeLessThan(one * 10)
  })

  it('does not tell who is there', async () => {
    const registry = await start(await entry('ann', 'secret', { cost: 11 }))
    const times = { ann: [] as number[], bob: [] as number[] }
    for (let round = 0; round < 5; round += 1) {
      for (const user of ['ann', 'bob'] as const) {
        times[user].push(await millisecondsOf(() => statusOf(registry, user, `guess ${round}`)))
      }
    }
    const least = { ann: Math.min(...times.ann), bob: Math.min(...times.bob) }
    expect(least.bob).toBeGreaterThan(least.ann / 2)
    expect(least.bob).toBeLessThan(least.ann * 2)
  })

  it('keeps nobody waiting who is known, while a flood of guesses is turned away', async () => {
    const registry = await start(await entry('ann', 'secret', { cost: 8 }))
    expect(await statusOf(registry, 'ann', 'secret')).toBe(200)
    let isOver = false
    const flood = Promise.all(
      Array.from({ length: 150 }, (_, index) =>
        fetch(`${registry.url}/v2/`, { headers: basic('ann', `guess ${index}`) }),
      ),
    ).finally(() => (isOver = true))
    for (let count = 0; count < 5; count += 1) expect(await statusOf(registry, 'ann', 'secret')).toBe(200)
    expect(isOver).toBe(false)

    const answers = await flood
    const turnedAway = answers.find(({ status }) => status === 429)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]))
    expect(turnedAway?.headers.get('retry-after')).toBe('1')
    expect(await codesOf(turnedAway as Response)).toEqual(['TOOMANYREQUESTS'])
    expect(await statusOf(registry, 'ann', 'one more guess')).toBe(401)
  })
})
