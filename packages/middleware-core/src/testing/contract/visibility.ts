import { undefinedIfNotFound } from '../../contract/errors.ts'
import { assertBytes, assertContent, watch, write } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** Tests that nobody sees an upload before it is committed. */
export const testVisibility: ContractSection = (test, { chunkSizes }) => {
  const content = randomBytes(32 + Math.max(...chunkSizes))

  test('an open upload is invisible', async ({ openWriter, assertAbsent }) => {
    const writer = await openWriter('directory/file', content)
    await assertAbsent('directory/file')
    await assertAbsent('directory')
    await writer.cancel()
    await assertAbsent('directory')
  })

  test('a closed upload is invisible', async ({ openWriter, leaveUpload, assertAbsent }) => {
    await leaveUpload('directory/file', content)
    await assertAbsent('directory/file')
    await assertAbsent('directory')
    const writer = await openWriter('directory/file', content, { append: true })
    await assertAbsent('directory/file')
    await writer.close()
    await assertAbsent('directory')
  })

  test('an upload is invisible among other files', async ({
    driver,
    at,
    fill,
    openWriter,
    leaveUpload,
    assertAbsent,
  }) => {
    await fill(['directory/a', 'directory/z'])
    const writer = await openWriter('directory/m', content)
    await leaveUpload('directory/n', content)
    await assertAbsent('directory/m')
    await assertAbsent('directory/n')
    await writer.commit()
    await assertContent(driver, at('directory/m'), content)
  })

  test('the old content stays readable until the commit', async ({ driver, at, fill, openWriter }) => {
    await fill(['file'])
    const old = Buffer.from('file')
    const writer = await openWriter('file', content)
    await assertContent(driver, at('file'), old)
    await writer.close()
    await assertContent(driver, at('file'), old)
    const continued = await openWriter('file', 'more', { append: true })
    await assertContent(driver, at('file'), old)
    await continued.commit()
    await assertContent(driver, at('file'), Buffer.concat([content, Buffer.from('more')]))
  })

  test('another process sees it with the commit', async ({ at, another, openWriter, assertAbsent }) => {
    const other = await another()
    const writer = await openWriter('file', content)
    await write(writer, 'more')
    await assertAbsent('file')
    await writer.commit()
    await assertContent(other, at('file'), Buffer.concat([content, Buffer.from('more')]))
  })

  test('a commit under way shows nothing or everything', async ({ driver, at, openWriter }) => {
    const writer = await openWriter('file', content)
    await watch(writer.commit(), async () => {
      const found = await undefinedIfNotFound(driver.getContent(at('file')))
      if (found) assertBytes(found, content)
    })
    await assertContent(driver, at('file'), content)
  })
}
