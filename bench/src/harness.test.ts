import { describe, expect, it } from '@jest/globals'
import { type Side, alternate } from './alternate.ts'
import { Session } from './bench.ts'
import { CannotMeasure, type Figure } from './figure.ts'
import { type Row, atMost, judge, timesAtLeast, timesAtMost } from './row.ts'
import { type Outcome, runFigures } from './run-figures.ts'
import { selectFigures } from './select.ts'
import { summarize } from './statistics.ts'
import { table } from './table.ts'

const log = (): void => {}

function measured(name: string, ...values: number[]): Row['ours'] {
  return { name, summary: summarize(values) }
}

async function outcomesOf(...args: Parameters<typeof runFigures>): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for await (const outcome of runFigures(...args)) outcomes.push(outcome)
  return outcomes
}

describe('statistics', () => {
  it('are the median and the quartiles, in whatever order the rounds came', () => {
    expect(summarize([50, 10, 40, 20, 30])).toEqual({ median: 30, quartiles: [20, 40], rounds: 5 })
    expect(summarize([4, 1])).toEqual({ median: 2.5, quartiles: [1.75, 3.25], rounds: 2 })
  })

  it('of nothing are an error', () => {
    expect(() => summarize([])).toThrow('nothing was measured')
  })
})

describe('a target', () => {
  const row = { what: 'x', unit: 's', ours: measured('Longshore', 2), peer: measured('peer', 5) } as const

  it.each([
    [timesAtMost(0.4), true],
    [timesAtMost(0.39), false],
    [timesAtLeast(0.4), true],
    [timesAtLeast(0.41), false],
    [atMost(2), true],
    [atMost(1.9), false],
  ])('%j: reached %s by 2 against 5', (target, reached) => {
    expect(judge({ ...row, target })).toEqual({ ratio: 0.4, reached })
  })

  it('is judged where the peer came to nothing', () => {
    const peer = measured('peer', 0)
    expect(judge({ ...row, peer, target: timesAtMost(1) }).reached).toBe(false)
    expect(judge({ ...row, ours: peer, peer, target: timesAtMost(1) }).reached).toBe(true)
  })

  it('is neither reached nor missed where a side is missing', () => {
    const peer = { name: 'peer', missing: 'not installed' }
    expect(judge({ ...row, peer, target: timesAtMost(1) }).reached).toBeUndefined()
  })
})

describe('sides', () => {
  it('take turns, and the warm-up does not count', async () => {
    const turns: string[] = []
    const side = (name: string): Side => ({
      name,
      prepare: async () => async () => ({ turn: turns.push(name) }),
    })
    const samples = await alternate([side('a'), side('b')], { rounds: 2, log })
    expect(turns).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
    expect(samples.of('a', 'turn')).toEqual({ name: 'a', summary: { median: 4, quartiles: [3.5, 4.5], rounds: 2 } })
  })

  it('that are not installed are left out, with a word on how to have them', async () => {
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    try {
      const absent: Side = { name: 'wrk', needs: ['wrk'], prepare: () => Promise.reject(new Error('prepared')) }
      const samples = await alternate([absent], { rounds: 1, log })
      expect(samples.of('wrk', 'x')).toEqual({ name: 'wrk', missing: 'not installed: wrk; apt-get install wrk' })
    } finally {
      process.env['PATH'] = path
    }
  })
})

describe('figures', () => {
  const figure = (name: string, measure: Figure['measure']): Figure => ({ name, title: name, seconds: 1, measure })
  const none = figure('none', async () => [])

  it('are chosen by their names or how these begin, in their own order', () => {
    const figures = ['push-large', 'push-small', 'walk'].map(name => figure(name, async () => []))
    const chosen = (...names: string[]): string[] => selectFigures(figures, names).map(({ name }) => name)
    expect(chosen()).toEqual(['push-large', 'push-small', 'walk'])
    expect(chosen('walk', 'push')).toEqual(['push-large', 'push-small', 'walk'])
    expect(chosen('push-s')).toEqual(['push-small'])
    expect(() => chosen('pull')).toThrow(
      '--only: found pull; accepted: the name of a figure or its beginning: push-large, push-small, walk',
    )
  })

  it('that fail or cannot be measured leave the others alone, and what they started is ended', async () => {
    const ended: string[] = []
    const broken = figure('broken', async ({ scope }) => {
      scope.defer(async () => ended.push('first'))
      scope.defer(async () => ended.push('last'))
      throw new Error('out of order')
    })
    const large = figure('large', () => Promise.reject(new CannotMeasure('too little memory')))
    await using session = new Session()
    const options = { session, quick: true, signal: new AbortController().signal, log, onError: log }
    const outcomes = await outcomesOf([broken, large, none], options)
    expect(ended).toEqual(['last', 'first'])
    expect(outcomes.map(({ name, error, skipped }) => [name, error, skipped])).toEqual([
      ['broken', 'failed: Error: out of order', undefined],
      ['large', undefined, 'skipped: too little memory'],
      ['none', undefined, undefined],
    ])
    expect(table(outcomes)).toContain('broken: failed: Error: out of order')
  })

  it('end what they started when they are interrupted', async () => {
    const interrupt = new AbortController()
    let ended = false
    const endless = figure('endless', async ({ scope }) => {
      scope.defer(async () => (ended = true))
      interrupt.abort(new Error('interrupted'))
      return new Promise(() => {})
    })
    await using session = new Session()
    const options = { session, quick: true, signal: interrupt.signal, log, onError: log }
    await expect(outcomesOf([endless], options)).rejects.toThrow('interrupted')
    expect(ended).toBe(true)
  })
})

describe('the table', () => {
  it('has both sides, the ratio, the target and whether it was reached', () => {
    const rows: Row[] = [
      {
        what: 'fast',
        unit: '/s',
        ours: measured('Longshore', 1234.5),
        peer: measured('x', 10),
        target: timesAtLeast(25),
      },
      { what: 'small', unit: 'MiB', ours: measured('Longshore', 300), target: atMost(256) },
    ]
    const lines = table([{ name: 'pulls', title: 'Pulls', took: 1, rows }]).split('\n')
    expect(lines.map(line => line.split(/ {2,}/))).toEqual([
      ['figure', 'ours', 'peer', 'ratio', 'target', 'reached'],
      expect.anything(),
      ['pulls: fast', '1,235/s', 'x: 10/s', '123x', '>= 25x', 'yes'],
      ['pulls: small', '300 MiB', '<= 256 MiB', 'NO'],
    ])
  })
})
