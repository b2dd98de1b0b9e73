import { expect, it } from '@jest/globals'
import { inmemory } from '@longshore/middleware-core'
import { startedAtContent, uploadStartedAt } from '../storage/layout.ts'
import { startPurgeScheduler } from './purge-scheduler.ts'

const id = '0190b0f0-1111-7222-8333-444444444444'
const path = uploadStartedAt('library/hello', id)

/** A log in which lines can be waited for. */
function listening() {
  const lines: string[] = []
  let heard = (): void => {}
  const add = (line: string): void => {
    lines.push(line)
    heard()
  }
  return {
    lines,
    log: { info: add, error: add },
    async until(isIt: (line: string) => boolean): Promise<void> {
      while (!lines.some(isIt)) await new Promise<void>(resolve => (heard = resolve))
    },
  }
}

function old(): string {
  return startedAtContent(new Date(Date.now() - 60_000))
}

it('purges after the first delay and then once an intervalMs, and tells what went', async () => {
  const storage = inmemory()
  await storage.putContent(path, old())
  const { log, lines, until } = listening()
  await using _ = startPurgeScheduler(storage, { ageMs: 1, intervalMs: 5, dryRun: false, firstDelayMs: 5 }, log)
  await until(line => line.startsWith('1 upload purged'))
  expect(lines[0]).toMatch(`purged upload ${id} of library/hello, started `)
  await expect(storage.stat(path)).rejects.toThrow('not found')
  await storage.putContent(path, old())
  lines.length = 0
  await until(line => line.startsWith('1 upload purged'))
})

it('only names uploads in a dry run', async () => {
  const storage = inmemory()
  await storage.putContent(path, old())
  const { log, until } = listening()
  await using _ = startPurgeScheduler(storage, { ageMs: 1, intervalMs: 60_000, dryRun: true, firstDelayMs: 5 }, log)
  await until(line => line === '1 upload would be purged, 0 kept')
  await expect(storage.stat(path)).resolves.toMatchObject({ path })
})

it('tells of a purge that fails, and tries again', async () => {
  const storage = inmemory()
  const walk = storage.walk.bind(storage)
  storage.walk = () => {
    storage.walk = walk
    throw new Error('the storage is away')
  }
  const { log, lines, until } = listening()
  await using _ = startPurgeScheduler(storage, { ageMs: 1, intervalMs: 5, dryRun: false, firstDelayMs: 5 }, log)
  await until(line => line.startsWith('0 uploads purged'))
  expect(lines[0]).toBe('purging uploads: the storage is away')
})

it('ends when it is disposed of, without waiting for the next purge', async () => {
  const { log, lines } = listening()
  const purging = startPurgeScheduler(inmemory(), { ageMs: 1, intervalMs: 1, dryRun: false }, log)
  await purging[Symbol.asyncDispose]()
  expect(lines).toEqual([])
})
