import { expect, it } from '@jest/globals'
import { format, registryLine } from './log-lines.ts'
import { bytes } from './quantities.ts'

const noon = new Date(2026, 0, 1, 12, 0, 1)
const request = {
  id: 'b1946ac92492d234',
  route: undefined,
  sent: 0,
  remoteAddress: undefined,
  userAgent: undefined,
  user: undefined,
}
const digest = `sha256:${'ab12'.repeat(16)}`

it('says where a pull was sent', () => {
  const line = registryLine({
    ...request,
    method: 'GET',
    url: `/v2/hello/blobs/${digest}`,
    status: 307,
    servedBy: 'cloudfront',
    received: 0,
    durationMs: 3.4,
  })
  expect(format(line, noon).replaceAll(/ {2,}/g, '  ')).toBe(
    '12:00:01  registry  GET  /v2/hello/blobs/sha256:ab12ab12ab12…  307 → cloudfront  3 ms  b1946ac92492d234',
  )
})

it('says how much a push brought, and that a client went away', () => {
  const line = registryLine({
    ...request,
    method: 'PATCH',
    url: '/v2/hello/blobs/uploads/0189cc2f-2f76-7b1e-a3b8-c94ee5f2a001',
    status: undefined,
    servedBy: undefined,
    received: 1_234_567,
    durationMs: 12,
  })
  expect(format(line, noon).replaceAll(/ {2,}/g, '  ')).toBe(
    '12:00:01  registry  PATCH  /v2/hello/blobs/uploads/0189cc2f…  cut off  1.2 MB in  12 ms  b1946ac92492d234',
  )
})

it('shows nothing that a terminal would obey', () => {
  const line = { who: 'registry', what: 'GET', target: '/v2/\u009b31m\u001b', outcome: '404', durationMs: 1 } as const
  expect(format(line, noon)).toMatch(/\/v2\/\?31m\? /)
})

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1_500_000, '1.5 MB'],
  [2e15, '2000.0 TB'],
])('writes %i bytes as %s', (count, text) => {
  expect(bytes(count)).toBe(text)
})
