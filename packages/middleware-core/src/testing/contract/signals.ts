import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { Readable, Writable } from 'node:stream'
import type { FileWriter } from '../../contract/index.ts'
import { assertContent, assertFails, bytesOf, collect, rejectionOf, write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'
import { calls } from './calls.ts'

class Impatience extends Error {}

/** Aborted calls. */
export const testSignals: ContractSection = (test, { largeFile, chunkSizes }) => {
  const content = randomBytes(largeFile)

  for (const { name, run } of calls) {
    test(`${name} rejects with the reason of a signal and changes nothing`, async ({
      driver,
      at,
      fill,
      assertAbsent,
    }) => {
      await fill(['file'])
      for (const reason of [new Impatience('too slow'), undefined, 'a text']) {
        const signal = AbortSignal.abort(reason)
        assert.equal(await rejectionOf(run(driver, at('file'), at('elsewhere'), { signal })), signal.reason)
        assert.equal(await rejectionOf(run(driver, 'illegal', at('elsewhere'), { signal })), signal.reason)
      }
      await assertContent(driver, at('file'), Buffer.from('file'))
      await assertAbsent('elsewhere')
    })
  }

  test('a signal that is never aborted disturbs nothing', async ({ driver, at, fill }) => {
    const { signal } = new AbortController()
    const forFiles = calls.filter(call => call.name !== 'writer with append' && call.name !== 'list')
    for (const { run } of forFiles) {
      await fill(['file'])
      const result = await run(driver, at('file'), at('elsewhere'), { signal })
      // A reader may be a transform, and so be both.
      if (result instanceof Readable) result.destroy()
      else if (result instanceof Writable) await (result as FileWriter).cancel()
    }
  })

  test('no call goes on listening to its signal once it has ended', async ({ driver, at, fill }) => {
    await fill(['file'])
    const { signal } = new AbortController()
    for (let round = 1; round <= 20; round += 1) {
      await bytesOf(await driver.reader(at('file'), { signal }))
      const writer = await driver.writer(at('written'), { signal })
      await write(writer, content)
      await writer.commit({ signal })
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  test('aborting breaks off a reader', async ({ driver, at }) => {
    await driver.putContent(at('file'), content)
    const controller = new AbortController()
    const reason = new Impatience('too slow')
    const stream = await driver.reader(at('file'), { signal: controller.signal })
    const reading = bytesOf(stream)
    controller.abort(reason)
    assert.equal(await rejectionOf(reading), reason)
  })

  test('aborting breaks off a walk', async ({ driver, directory, fill }) => {
    await fill(['a', 'b', 'c'])
    const controller = new AbortController()
    const reason = new Impatience('too slow')
    const seen: string[] = []
    const walking = (async () => {
      for await (const entry of driver.walk(directory, { signal: controller.signal })) {
        seen.push(entry.path)
        controller.abort(reason)
      }
    })()
    assert.equal(await rejectionOf(walking), reason)
    assert.equal(seen.length, 1)
  })

  test('aborting breaks off a writer', async ({ driver, at, assertAbsent }) => {
    for (const reason of [new Impatience('too slow'), 'a text']) {
      const controller = new AbortController()
      const writer = await driver.writer(at('file'), { signal: controller.signal })
      await write(writer, randomBytes(Math.max(...chunkSizes)))
      controller.abort(reason)
      assert.equal(await rejectionOf(writer.commit()), reason)
      await assertAbsent('file')
      await writer.cancel()
    }
  })

  test('an aborted commit publishes nothing', async ({ driver, at, openWriter, assertAbsent }) => {
    const writer = await openWriter('file', 'content')
    const reason = new Impatience('too slow')
    assert.equal(await rejectionOf(writer.commit({ signal: AbortSignal.abort(reason) })), reason)
    await assertAbsent('file')
    await writer.cancel()
    await assertFails(driver.writer(at('file'), { append: true }), 'PATH_NOT_FOUND', { driver, path: at('file') })
  })

  test('an aborted signal comes before a wrong offset', async ({ driver, at }) => {
    const signal = AbortSignal.abort(new Impatience('too slow'))
    assert.equal(await rejectionOf(driver.reader(at('file'), { signal, offset: -1 })), signal.reason)
  })

  test('what was aborted can be done again', async ({ driver, directory, at, fill }) => {
    await fill(['file'])
    await rejectionOf(driver.delete(at('file'), { signal: AbortSignal.abort() }))
    await driver.delete(at('file'))
    assert.deepEqual(await collect(driver.walk(directory)), [])
  })
}
