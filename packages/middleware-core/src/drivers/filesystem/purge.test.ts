import { afterEach, describe, expect, it, jest } from '@jest/globals'
import * as fileSystem from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const { mkdtemp, rm } = fileSystem

/** Runs right before a file is removed: between the moment when a purge judges an upload and when it discards it. */
const beforeRemoval: { run: () => Promise<void> } = { run: async () => {} }

jest.unstable_mockModule('node:fs/promises', () => ({
  ...fileSystem,
  rm: async (...args: Parameters<typeof rm>): Promise<void> => {
    const { run } = beforeRemoval
    beforeRemoval.run = async () => {}
    await run()
    await rm(...args)
  },
}))
const { filesystem } = await import('./index.ts')

const rootDirectory = await mkdtemp(join(tmpdir(), 'longshore-'))
const storage = filesystem({ rootDirectory })
const tomorrow = (): Date => new Date(Date.now() + 86_400_000)

afterEach(() => rm(rootDirectory, { recursive: true, force: true }))

describe('a purge that runs while an upload is closed again', () => {
  it.each(['', ' and more'])('keeps it, with %p added', async added => {
    const first = await storage.writer('/a')
    first.write('content')
    await first.close()
    const { revision } = first
    beforeRemoval.run = async () => {
      const again = await storage.writer('/a', { append: true })
      if (added) again.write(added)
      await again.close()
      if (!added) expect(again.revision).toBe(revision)
    }
    expect(await storage.purgeUploads({ olderThan: tomorrow() })).toEqual({ uploads: 0 })
    const continued = await storage.writer('/a', { append: true })
    if (!added) expect(continued.revision).toBe(revision)
    await continued.commit()
    expect(await storage.getContent('/a')).toEqual(Buffer.from(`content${added}`))
  })
})
