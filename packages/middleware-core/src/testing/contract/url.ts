import assert from 'node:assert/strict'
import { keyOf } from '../../contract/index.ts'
import { assertBytes } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { Section } from '../section.ts'

/** `urlFor` and `keyFor`. */
export const testUrl: Section = (test, { fetch }) => {
  for (const method of ['GET', 'HEAD'] as const) {
    test(`gives a URL for ${method}, or undefined`, async ({ driver, at, fill }) => {
      await fill(['file'])
      const signed = await driver.urlFor(at('file'), { method, expiresIn: 60 })
      if (signed === undefined) return
      assert.ok(URL.canParse(signed.url), 'the URL is none')
      assert.ok(signed.via.length > 0, 'the URL does not say who serves it')
      const seconds = (signed.expiresAt.getTime() - Date.now()) / 1000
      assert.ok(seconds > 0 && seconds <= 61, `the URL works for ${seconds} seconds instead of 60`)
    })
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
    test(`${size} bytes can be fetched`, async ({ driver, at }) => {
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
    })
  }
}
