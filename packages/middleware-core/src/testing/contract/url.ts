import assert from 'node:assert/strict'
import { keyOf } from '../../contract/index.ts'
import { assertBytes } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'

/** `urlFor` and `keyFor`. */
export const testUrl: ContractSection = (test, { fetch }) => {
  for (const method of ['GET', 'HEAD'] as const) {
    test(
      `gives a URL for ${method}`,
      async ({ driver, at, fill }) => {
        await fill(['file'])
        const signed = await driver.urlFor(at('file'), { method, expiresIn: 60 })
        assert.ok(signed, 'no URL')
        assert.ok(URL.canParse(signed.url), 'the URL is none')
        assert.ok(signed.via.length > 0, 'the URL does not say who serves it')
        const seconds = (signed.expiresAt.getTime() - Date.now()) / 1000
        assert.ok(seconds > 0 && seconds <= 61, `the URL works for ${seconds} seconds instead of 60`)
      },
      'urls',
    )
  }

  test('does not ask whether the file exists', async ({ driver, at, fill }) => {
    await fill(['file'])
    const present = await driver.urlFor(at('file'))
    const missing = await driver.urlFor(at('missing'))
    assert.equal(missing === undefined, present === undefined)
  })

  test('gives undefined for other methods', async ({ driver, at, fill }) => {
    await fill(['file'])
    for (const method of ['PUT', 'POST', 'DELETE', 'get']) {
      assert.equal(await driver.urlFor(at('file'), { method: method as 'GET' }), undefined, method)
    }
  })

  test('every file has a key of its own', async ({ driver, at }) => {
    const keys = ['a', 'a/b', 'ab', 'A'].map(name => keyOf(driver, at(name)))
    assert.ok(keys.every(key => key.length > 0))
    assert.equal(new Set(keys).size, keys.length)
  })

  if (!fetch) return

  for (const size of [0, 32, 100_000]) {
    test(
      `${size} bytes can be fetched`,
      async ({ driver, at }) => {
        const content = randomBytes(size)
        await driver.putContent(at('file'), content)
        const get = await driver.urlFor(at('file'), { size })
        assert.ok(get, 'no URL for GET')
        const fetched = await fetch(get.url, { method: 'GET' })
        assert.equal(fetched.status, 200)
        assertBytes(new Uint8Array(await fetched.arrayBuffer()), content)
        const head = await driver.urlFor(at('file'), { method: 'HEAD' })
        assert.ok(head, 'no URL for HEAD')
        const answered = await fetch(head.url, { method: 'HEAD' })
        assert.equal(answered.status, 200)
        assert.equal(answered.headers.get('content-length'), String(size))
      },
      'urls',
    )
  }

  test(
    'gives a download the name and the type that were asked for',
    async ({ driver, at, fill }) => {
      await fill(['file'])
      const fileName = 'Gr\u00f6\u00dfen \u65e5\u672c.txt'
      const signed = await driver.urlFor(at('file'), { download: { fileName, contentType: 'text/plain' } })
      assert.ok(signed, 'no URL')
      const { status, headers } = await fetch(signed.url, { method: 'GET' })
      assert.equal(status, 200)
      assert.equal(headers.get('content-type'), 'text/plain')
      const [, encoded = ''] = /filename\*=UTF-8''([^;]+)/.exec(headers.get('content-disposition') ?? '') ?? []
      assert.equal(decodeURIComponent(encoded), fileName)
    },
    'downloads',
  )
}
