import assert from 'node:assert/strict'
import type { StorageDriver } from '../../contract/index.ts'
import { assertBytes, assertContent, assertFails, bytesOf } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** Revisions: what `stat` tells of a file's content, and what `reader` and `move` make of it. */
export const testRevision: ContractSection = (test, { largeFile }) => {
  test('a directory has no revision', async ({ driver, at, fill }) => {
    await fill(['directory/file'])
    assert.equal((await driver.stat(at('directory'))).revision, undefined)
  })

  for (const size of new Set([1000, largeFile])) {
    const before = randomBytes(size, 1)
    const after = randomBytes(size, 2)

    test(
      `stays the same while ${size} bytes do`,
      async ({ driver, another, at }) => {
        await driver.putContent(at('file'), before)
        const { revision } = await driver.stat(at('file'))
        await driver.getContent(at('file'))
        assert.equal((await (await another()).stat(at('file'))).revision, revision)
      },
      'revisions',
    )

    test(
      `reads and moves ${size} bytes of their revision`,
      async ({ driver, at, assertAbsent }) => {
        await driver.putContent(at('source'), before)
        const revision = await revisionOf(driver, at('source'))
        assert.ok(revision, 'stat tells no revision')
        for (const offset of [0, 1, size]) {
          const stream = await driver.reader(at('source'), { offset, ifRevision: revision })
          assertBytes(await bytesOf(stream), before.subarray(offset))
        }
        await driver.move(at('source'), at('source'), { ifRevision: revision })
        await driver.move(at('source'), at('a/untold'), { ifRevision: revision })
        await assertAbsent('source')
        const moved = await revisionOf(driver, at('a/untold'))
        await driver.move(at('a/untold'), at('told'), { ifRevision: moved, size })
        await assertContent(driver, at('told'), before)
        await assertAbsent('a')
      },
      'revisions',
    )

    test(
      `gives ${size} replaced bytes another, and reads and moves none of them by the old one`,
      async ({ driver, another, at, fill, assertAbsent }) => {
        await driver.putContent(at('source'), before)
        await fill(['destination'])
        const revision = await revisionOf(driver, at('source'))
        assert.ok(revision, 'stat tells no revision')
        await (await another()).putContent(at('source'), after)
        assert.notEqual(await revisionOf(driver, at('source')), revision)
        const about = { driver, path: at('source') }
        for (const offset of [0, 1]) {
          await assertFails(driver.reader(at('source'), { offset, ifRevision: revision }), 'PRECONDITION_FAILED', about)
        }
        for (const destination of ['destination', 'elsewhere', 'source']) {
          await assertFails(
            driver.move(at('source'), at(destination), { ifRevision: revision }),
            'PRECONDITION_FAILED',
            about,
          )
          await assertFails(
            driver.move(at('source'), at(destination), { ifRevision: revision, size }),
            'PRECONDITION_FAILED',
            about,
          )
        }
        await assertContent(driver, at('source'), after)
        await assertContent(driver, at('destination'), Buffer.from('destination'))
        await assertAbsent('elsewhere')
      },
      'revisions',
    )
  }

  test(
    'another upload gives a file another',
    async ({ driver, at, openWriter }) => {
      await (await openWriter('file', 'before')).commit()
      const revision = await revisionOf(driver, at('file'))
      assert.ok(revision, 'stat tells no revision')
      await (await openWriter('file', 'behind')).commit()
      await assertFails(driver.reader(at('file'), { ifRevision: revision }), 'PRECONDITION_FAILED', {
        driver,
        path: at('file'),
      })
    },
    'revisions',
  )

  test(
    'finds nothing where a file of that revision was',
    async ({ driver, at, fill }) => {
      await fill(['file'])
      const revision = await revisionOf(driver, at('file'))
      assert.ok(revision, 'stat tells no revision')
      await driver.delete(at('file'))
      const about = { driver, path: at('file') }
      await assertFails(driver.reader(at('file'), { ifRevision: revision }), 'PATH_NOT_FOUND', about)
      for (const destination of ['elsewhere', 'file']) {
        await assertFails(driver.move(at('file'), at(destination), { ifRevision: revision }), 'PATH_NOT_FOUND', about)
      }
    },
    'revisions',
  )
}

async function revisionOf(driver: StorageDriver, path: string): Promise<string | undefined> {
  return (await driver.stat(path)).revision
}
