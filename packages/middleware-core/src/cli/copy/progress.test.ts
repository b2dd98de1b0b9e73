import { PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { CliContext } from '../context/cli-context.ts'
import { Progress } from './progress.ts'

const MiB = 1 << 20

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

function contextWith(columns: number | undefined): { context: CliContext; printed: () => string } {
  let text = ''
  const context: CliContext = {
    out: () => {},
    error: more => {
      text += more
    },
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    columns,
    signal: new AbortController().signal,
    env: {},
  }
  return { context, printed: () => text }
}

/** Copies 10 MiB a second, for five seconds. */
function copyFiftyMiB(progress: Progress): void {
  for (let count = 0; count < 50; count++) {
    progress.add(MiB)
    jest.advanceTimersByTime(100)
  }
}

describe('the progress of a copy', () => {
  it('is a bar with rate and time left on a terminal, which is gone in the end', () => {
    const { context, printed } = contextWith(80)
    const progress = new Progress(context, { total: 200 * MiB, isQuiet: false })
    copyFiftyMiB(progress)
    const last = printed().split('\r').at(-1)
    expect(last).toBe('\u001b[K[######------------------] 25 %, 50 MiB of 200 MiB, 10 MiB/s, 15 s left')
    progress[Symbol.dispose]()
    expect(printed().endsWith('\r\u001b[K')).toBe(true)
    jest.advanceTimersByTime(60_000)
    expect(printed().endsWith('\r\u001b[K')).toBe(true)
  })

  it('fits into a narrow terminal', () => {
    const { context, printed } = contextWith(20)
    using progress = new Progress(context, { total: 200 * MiB, isQuiet: false })
    copyFiftyMiB(progress)
    for (const picture of printed().split('\r\u001b[K')) expect(picture.length).toBeLessThan(20)
  })

  it('is a line now and then elsewhere, without control characters', () => {
    const { context, printed } = contextWith(undefined)
    using progress = new Progress(context, { total: 200 * MiB, isQuiet: false })
    progress.skip(50 * MiB)
    copyFiftyMiB(progress)
    expect(printed()).toBe('')
    copyFiftyMiB(progress)
    expect(printed()).toBe('75 %, 150 MiB of 200 MiB, 10 MiB/s, 5 s left\n')
  })

  it('is silent where that is asked for, and has no bar where the size is not known', () => {
    const quiet = contextWith(80)
    using silent = new Progress(quiet.context, { total: MiB, isQuiet: true })
    copyFiftyMiB(silent)
    expect(quiet.printed()).toBe('')
    const { context, printed } = contextWith(80)
    using unknown = new Progress(context, { isQuiet: false })
    copyFiftyMiB(unknown)
    expect(printed().split('\r').at(-1)).toBe('\u001b[K50 MiB, 10 MiB/s')
  })
})
