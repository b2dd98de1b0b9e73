import { expect, it } from '@jest/globals'
import type { ErrorCode } from '../../src/oci/errors.ts'

/** A request, and what the specification says of its answer. */
interface Row {
  /** Below `/v2/`. */
  path: string | (() => string | Promise<string>)
  /** Default GET. */
  method?: string
  body?: string | Buffer<ArrayBuffer>
  headers?: Record<string, string>
  status: number
  /** The code of each error. */
  code?: ErrorCode
  /** Headers of the answer. */
  answer?: Record<string, unknown>
  /** The content of the answer. Default: anything. */
  text?: unknown
}

/** A test for each row. Every answer from 400 on has to have the specification's form. */
export function answers(registry: { readonly url: string }, rows: Record<string, Row>): void {
  it.each(Object.entries(rows))('%s', async (_, row) => {
    const { path, method = 'GET', status, code, answer = {}, text: expected = expect.any(String), ...init } = row
    const url = `${registry.url}/v2/${typeof path === 'string' ? path : await path()}`
    const response = await fetch(url, { method, ...init })
    const text = await response.text()
    expect([response.status, text]).toEqual([status, expected])
    expect(Object.fromEntries(Object.keys(answer).map(name => [name, response.headers.get(name)]))).toEqual(answer)
    if (status < 400 || method === 'HEAD') return
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    const { errors } = JSON.parse(text) as { errors: object[] }
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) {
      expect(Object.keys(error)).toEqual(['code', 'message', 'detail'])
      expect(error).toMatchObject({ code, message: expect.any(String) })
    }
  })
}
