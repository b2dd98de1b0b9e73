import { assertContent, assertFails, write } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'
import { calls } from './calls.ts'

/** A driver after its disposal. */
export const testDisposal: ContractSection = test => {
  for (const { name, run } of calls) {
    test(`${name} rejects afterwards`, async ({ another, driver, at, fill }) => {
      await fill(['file'])
      const disposed = await another()
      await disposed[Symbol.asyncDispose]()
      for (const path of [at('file'), at('missing'), 'illegal']) {
        await assertFails(run(disposed, path, at('elsewhere')), 'DISPOSED', { driver: disposed, path })
      }
      const signal = AbortSignal.abort()
      const about = { driver: disposed, path: at('file') }
      await assertFails(run(disposed, at('file'), at('elsewhere'), { signal }), 'DISPOSED', about)
      await assertContent(driver, at('file'), Buffer.from('file'))
    })
  }

  test('a writer that is left open publishes nothing', async ({ another, at, assertAbsent }) => {
    const disposed = await another()
    const writer = await disposed.writer(at('file'))
    await write(writer, 'content')
    await disposed[Symbol.asyncDispose]()
    await assertFails(writer.commit(), 'DISPOSED', { driver: disposed, path: at('file') })
    await assertAbsent('file')
  })

  test('may happen twice, also at the same time', async ({ another }) => {
    const disposed = await another()
    await Promise.all([disposed[Symbol.asyncDispose](), disposed[Symbol.asyncDispose]()])
    await disposed[Symbol.asyncDispose]()
  })

  test('takes nothing away from other drivers', async ({ another, driver, at }) => {
    const disposed = await another()
    await disposed.putContent(at('file'), 'content')
    await disposed[Symbol.asyncDispose]()
    await assertContent(driver, at('file'), Buffer.from('content'))
  })
}
