import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { isStorageError } from '../../contract/index.ts'
import { assertContent, assertFails, write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** Conditions of writes: they hold or nothing is changed, also among many at once. */
export const testConditions: ContractSection = (test, { chunkSizes }) => {
  test(
    'a content goes only where no file is',
    async ({ driver, at, fill }) => {
      await fill(['there'])
      const about = { driver, path: at('there') }
      await assertFails(driver.putContent(at('there'), 'x', { ifAbsent: true }), 'PRECONDITION_FAILED', about)
      await assertContent(driver, at('there'), Buffer.from('there'))
      await driver.putContent(at('new'), 'new', { ifAbsent: true })
      await assertContent(driver, at('new'), Buffer.from('new'))
    },
    'putIfAbsent',
  )

  test(
    'of many contents at once one is stored',
    async ({ driver, another, at }) => {
      const other = await another()
      const contents = Array.from({ length: 12 }, (_, index) => `content ${index}`)
      const stored = await Promise.all(
        contents.map(async (content, index) => {
          try {
            await (index % 2 ? other : driver).putContent(at('file'), content, { ifAbsent: true })
            return content
          } catch (error) {
            if (isStorageError(error, 'PRECONDITION_FAILED')) return undefined
            throw error
          }
        }),
      )
      const winners = stored.filter(content => content !== undefined)
      assert.equal(winners.length, 1)
      await assertContent(driver, at('file'), Buffer.from(winners[0] ?? ''))
    },
    'putIfAbsent',
  )

  test(
    'a content replaces only the revision that was named',
    async ({ driver, at }) => {
      await driver.putContent(at('file'), 'one')
      const { revision: first } = await driver.stat(at('file'))
      const { revision: told } = await driver.putContent(at('file'), 'two', { ifRevision: first })
      const { revision: second } = await driver.stat(at('file'))
      assert.ok(told === undefined || told === second, 'the revision that was told is not that of the file')
      const about = { driver, path: at('file') }
      await assertFails(driver.putContent(at('file'), 'x', { ifRevision: first }), 'PRECONDITION_FAILED', about)
      await assertContent(driver, at('file'), Buffer.from('two'))
      await driver.delete(at('file'))
      await assertFails(driver.putContent(at('file'), 'x', { ifRevision: second }), 'PRECONDITION_FAILED', about)
      await assertFails(driver.stat(at('file')), 'PATH_NOT_FOUND', about)
    },
    'putIfRevision',
  )

  test(
    'a stream goes only where no file is',
    async ({ driver, at, fill, assertNoUploads }) => {
      await fill(['there'])
      const stored = driver.putStream(at('there'), Readable.from([randomBytes(1000)]), { ifAbsent: true })
      await assertFails(stored, 'PRECONDITION_FAILED', { driver, path: at('there') })
      await assertContent(driver, at('there'), Buffer.from('there'))
      await driver.putStream(at('new'), Readable.from([Buffer.from('new')]), { ifAbsent: true })
      await assertContent(driver, at('new'), Buffer.from('new'))
      await assertNoUploads()
    },
    'commitIfAbsent',
  )

  for (const size of chunkSizes) {
    for (const [way, options] of [
      ['', {}],
      [' to a destination', { destination: true }],
      [' after a close', { close: true }],
    ] as const) {
      test(
        `a commit of ${size} bytes${way} puts them only where no file is`,
        async ({ driver, at, fill }) => {
          await fill(['there'])
          const isElsewhere = 'destination' in options
          const path = isElsewhere ? at('upload') : at('there')
          const writer = await driver.writer(path, isElsewhere ? { destination: at('there') } : {})
          const content = randomBytes(size)
          await write(writer, content)
          if ('close' in options) await writer.close()
          const refused = writer.commit({ ifAbsent: true })
          await assert.rejects(refused, (error: unknown) => isStorageError(error, 'PRECONDITION_FAILED'))
          await assertContent(driver, at('there'), Buffer.from('there'))
          // The upload is as it was.
          await driver.delete(at('there'))
          await writer.commit({ ifAbsent: true })
          await assertContent(driver, at('there'), content)
        },
        'commitIfAbsent',
      )
    }
  }

  test(
    'a commit replaces only the revision that was named',
    async ({ driver, at, fill, openWriter }) => {
      await fill(['file'])
      const { revision: first } = await driver.stat(at('file'))
      await driver.putContent(at('file'), 'other')
      const { revision: second } = await driver.stat(at('file'))
      const writer = await openWriter('file', 'new')
      const refused = writer.commit({ ifRevision: first })
      await assert.rejects(refused, (error: unknown) => isStorageError(error, 'PRECONDITION_FAILED'))
      await assertContent(driver, at('file'), Buffer.from('other'))
      await writer.commit({ ifRevision: second })
      await assertContent(driver, at('file'), Buffer.from('new'))
    },
    'commitIfRevision',
  )

  test(
    'of many commits at once one publishes',
    async ({ driver, another, at }) => {
      const other = await another()
      const commits = Array.from({ length: 8 }, async (_, index) => {
        const content = randomBytes(100, index + 1)
        const writer = await (index % 2 ? other : driver).writer(at(`upload ${index}`), { destination: at('file') })
        await write(writer, content)
        try {
          await writer.commit({ ifAbsent: true })
          return content
        } catch (error) {
          if (!isStorageError(error, 'PRECONDITION_FAILED')) throw error
          await writer.cancel()
          return undefined
        }
      })
      const winners = (await Promise.all(commits)).filter(content => content !== undefined)
      assert.equal(winners.length, 1)
      await assertContent(driver, at('file'), winners[0] ?? Buffer.alloc(0))
    },
    'commitIfAbsent',
  )

  test(
    'a file is deleted only if it is of the revision that was named',
    async ({ driver, at, fill }) => {
      await fill(['file'])
      const { revision } = await driver.stat(at('file'))
      await driver.putContent(at('file'), 'other')
      const about = { driver, path: at('file') }
      const refused = driver.delete(at('file'), { fileOnly: true, ifRevision: revision })
      await assertFails(refused, 'PRECONDITION_FAILED', about)
      await assertContent(driver, at('file'), Buffer.from('other'))
      const { revision: current } = await driver.stat(at('file'))
      await driver.delete(at('file'), { fileOnly: true, ifRevision: current })
      await assertFails(driver.stat(at('file')), 'PATH_NOT_FOUND', about)
    },
    'deleteIfRevision',
  )
}
