import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { UploadRequest } from '../../contract/index.ts'
import { assertContent } from '../assertions.ts'
import { randomBytes } from '../random.ts'
import type { ContractSection } from '../contract-section.ts'
import { awkwardNames } from './names.ts'

type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Sends a request as a client does, which makes `content-length` itself. */
export async function send(fetch: Fetch, { method, url, headers }: UploadRequest, body: Uint8Array): Promise<number> {
  const sent = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length')
  const response = await fetch(url, { method, headers: sent, body: Buffer.from(body) })
  await response.arrayBuffer()
  return response.status
}

/** SHA-256 in hexadecimal digits. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Requests and forms with which clients store a file themselves. They are sent only where the suite can fetch. */
export const testUploadUrls: ContractSection = (test, { fetch }) => {
  if (!fetch) return
  const content = randomBytes(1000)

  test(
    'store a file, of any name, once it is sent',
    async ({ driver, at, assertAbsent }) => {
      const request = await driver.uploadUrlFor(at('file'), { size: 1000, sha256: sha256Of(content) })
      await assertAbsent('file')
      assert.equal(await send(fetch, request, content), 200)
      await assertContent(driver, at('file'), content)
      for (const name of awkwardNames) {
        assert.equal(await send(fetch, await driver.uploadUrlFor(at(name), { size: 1000 }), content), 200)
        await assertContent(driver, at(name), content)
      }
    },
    'uploadUrls',
  )

  test(
    'are refused with other bytes, or more or fewer',
    async ({ driver, at, assertAbsent }) => {
      const request = await driver.uploadUrlFor(at('file'), { size: 1000, sha256: sha256Of(content) })
      for (const other of [randomBytes(1000, 7), content.subarray(1), Buffer.concat([content, content])]) {
        assert.ok((await send(fetch, request, other)) >= 400)
      }
      await assertAbsent('file')
    },
    'uploadUrls',
  )

  test(
    'carry metadata',
    async ({ driver, at }) => {
      const metadata = { contentType: 'image/png', custom: { id: '4711' } }
      const request = await driver.uploadUrlFor(at('file'), { size: 1000, metadata })
      assert.equal(await send(fetch, request, content), 200)
      assert.deepEqual((await driver.stat(at('file'))).metadata, metadata)
    },
    'uploadUrls',
    'metadata',
  )

  test(
    'as forms store a file of a size in their range',
    async ({ driver, at, assertAbsent }) => {
      const { url, fields } = await driver.uploadFormFor(at('file'), { size: { min: 10, max: 2000 } })
      const post = async (body: Uint8Array): Promise<number> => {
        const form = new FormData()
        for (const [name, value] of Object.entries(fields)) form.append(name, value)
        form.append('file', new Blob([Buffer.from(body)]))
        return (await fetch(url, { method: 'POST', body: form })).status
      }
      for (const size of [9, 2001]) assert.ok((await post(randomBytes(size))) >= 400)
      await assertAbsent('file')
      assert.ok((await post(content)) < 300)
      await assertContent(driver, at('file'), content)
    },
    'uploadForms',
  )
}
