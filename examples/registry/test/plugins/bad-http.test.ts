import { expect, it } from '@jest/globals'
import { Connection } from '../fuzz/connection.ts'
import { sharedRegistry } from '../support/registry.ts'

const registry = sharedRegistry()

it.each([
  ['no Host', 'GET /v2/ HTTP/1.1\r\n\r\n', 400],
  ['two Hosts', 'GET /v2/ HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n', 400],
  ['an expectation that nobody knows', 'GET /v2/ HTTP/1.1\r\nhost: a\r\nexpect: more\r\n\r\n', 417],
  ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nhost: a\r\n\r\n', 405],
  ['no HTTP', 'hello\r\n\r\n', 400],
])('%s is refused in the form of the specification', async (_, request, status) => {
  const connection = new Connection(registry.port)
  connection.send(Buffer.from(request))
  const answer = await connection.answer('GET')
  connection.destroy()
  if (typeof answer === 'string') throw new Error(answer)
  expect(answer.status).toBe(status)
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
  expect(JSON.parse(answer.body)).toEqual({
    errors: [{ code: 'UNSUPPORTED', message: expect.any(String), detail: null }],
  })
})

it.each([
  ['HTTP/1.0 without a Host', 'GET /v2/ HTTP/1.0\r\n\r\n'],
  ['a client that waits to be told to go on', 'GET /v2/ HTTP/1.1\r\nhost: a\r\nexpect: 100-Continue\r\n\r\n'],
])('%s is answered', async (_, request) => {
  const connection = new Connection(registry.port)
  connection.send(Buffer.from(request))
  const answer = await connection.answer('GET')
  connection.destroy()
  expect(answer).toMatchObject({ status: 200, body: '{}' })
})
