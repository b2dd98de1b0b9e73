import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { type StorageDriver, filesystem } from '@longshore/middleware-core'
import { blobData, layerLink, startedAtContent, uploadStartedAt } from '../../src/storage/layout.ts'
import { content } from '../support/client.ts'
import { complained, workplace } from '../support/program.ts'
import { filesOf } from '../support/registry.ts'
import { has, missingOf } from './collect.ts'
import { Filler } from './filler.ts'

const here = workplace()
let storage: StorageDriver
let fill: Filler

beforeEach(async () => {
  const rootDirectory = here.folder.file('storage')
  storage = filesystem({ rootDirectory })
  fill = new Filler(storage)
  await here.configure(`version: 0.1\nstorage: { filesystem: { rootdirectory: ${rootDirectory} } }\n`)
})

afterEach(async () => {
  await storage[Symbol.asyncDispose]()
})

/** Makes all that is stored two days old. */
async function age(): Promise<void> {
  const then = new Date(Date.now() - 48 * 3_600_000)
  const entries = await readdir(here.folder.file('storage'), { recursive: true, withFileTypes: true })
  for (const entry of entries) if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), then, then)
}

it('says what would go, then deletes it, and ends with 0', async () => {
  const image = await fill.image('one', 'v1')
  const untagged = await fill.image('one')
  const garbage = await fill.blob('one', content(1234))
  await age()
  const before = await filesOf(storage)
  const dry = here.start('garbage-collect', '--dry-run', '--delete-untagged', '--config', 'config.yml')
  expect(await dry.ended).toBe(0)
  expect(await filesOf(storage)).toEqual(before)
  expect(dry.output).toContain(`would be unlinked: blob one@${garbage}\n`)
  expect(dry.output).toContain(`would be unlinked: manifest one@${untagged}\n`)
  expect(dry.output).toContain(`would be deleted: ${garbage}, 1234 bytes\n`)
  expect(dry.output).toMatch(/4 blobs would be deleted, 1\.\d kB would be freed\n/)

  // As with Distribution's, whose flags and argument these are.
  const real = here.start('garbage-collect', '-m', '--settle', '0', 'config.yml')
  expect(await real.ended).toBe(0)
  expect(real.output).toMatch(/1 manifest, 3 blobs of .* kept in 1 repository\n[^]*4 blobs deleted, 1\.\d kB freed\n$/)
  expect(real.errors).toMatch(
    /^Warning: a settling time of less than a minute .*\n[^]*Reading repositories\n[^]*Deleting blobs\n/,
  )
  expect(await missingOf(storage, 'one', image)).toEqual([])
  for (const digest of [untagged, garbage]) expect(await has(storage, blobData(digest))).toBe(false)
})

it('ends with 1 after trouble, and with words where it is used wrongly', async () => {
  await fill.manifest('one', '{}', 'v1')
  const trouble = here.start('garbage-collect', '--settle', '0', '--config', 'config.yml')
  expect(await trouble.ended).toBe(1)
  expect(trouble.errors).toMatch(/Failure: one: nothing is removed: sha256:/)
  const [nothing, wrong] = [here.start('garbage-collect'), here.start('garbage-collect', 'config.yml', '--grace', '5')]
  expect([await nothing.ended, await wrong.ended]).toEqual([1, 1])
  expect(nothing.errors).toContain('accepted: --config <file>')
  expect(wrong.errors).toMatch(/--grace.*accepted: a duration/)
})

it('may be killed: the next one puts back what a push that it cut off needs', async () => {
  const layer = await fill.blob('one')
  const garbage = await fill.blob('one')
  await age()
  const killed = here.start('garbage-collect', '--config', 'config.yml')
  await complained(killed, /Waiting for requests under way/)
  expect(await has(storage, layerLink('one', layer))).toBe(false)
  killed.child.kill('SIGKILL')
  await killed.ended
  const image = await fill.image('one', 'v1', [layer])
  const next = here.start('garbage-collect', '--settle', '0', '--config', 'config.yml')
  expect(await next.ended).toBe(0)
  expect(next.output).toContain(`put back: ${layerLink('one', layer)}\n`)
  expect(await missingOf(storage, 'one', image)).toEqual([])
  expect(await has(storage, blobData(garbage))).toBe(false)
})

it('ends with 130 when it is interrupted, once all is consistent', async () => {
  const layer = await fill.blob('one')
  const garbage = await fill.blob('one')
  await age()
  const run = here.start('garbage-collect', '--settle', '2s', '--config', 'config.yml')
  await complained(run, /Waiting for requests under way/)
  run.child.kill('SIGINT')
  const image = await fill.image('one', 'v1', [layer])
  expect(await run.ended).toBe(130)
  expect(run.output).toMatch(/Stopped before the end; all is consistent, and another run goes on\n$/)
  expect(await missingOf(storage, 'one', image)).toEqual([])
  expect(await has(storage, blobData(garbage))).toBe(true)
})

it('purges uploads', async () => {
  const id = '0190b0f0-1111-7222-8333-444444444444'
  await storage.putContent(uploadStartedAt('one', id), startedAtContent(new Date(Date.now() - 47 * 3_600_000)))
  await age()
  const dry = here.start('purge-uploads', '--dry-run', '--age', '1d', '--config', 'config.yml')
  expect(await dry.ended).toBe(0)
  expect(dry.output).toMatch(/^would purge upload 0190b0f0\S+ of one, started \S+\n1 upload would be purged, 0 kept\n$/)
  const kept = here.start('purge-uploads', '--config', 'config.yml')
  expect(await kept.ended).toBe(0)
  expect(kept.output).toBe('0 uploads purged, 1 kept, 0 unfinished writers discarded\n')
  const real = here.start('purge-uploads', '--age', '1d', '--config', 'config.yml')
  expect(await real.ended).toBe(0)
  expect(await filesOf(storage)).toEqual(new Map())
})
