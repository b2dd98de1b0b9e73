import type { Random } from './random.ts'
import { type Attempt, request } from './wire.ts'

const manifestPath = (name: string): string => `/v2/${name}/manifests/latest`

/** Requests that end their connection: what comes after them cannot be told from what belongs to them. */
export function malformedHttp(random: Random, name: string): Attempt {
  const path = manifestPath(name)
  const binary = Buffer.from(Array.from({ length: 1 + random.below(200) }, () => random.below(256)))
  const raw = (text: string, end: Attempt['end'] = 'by the registry', method = 'GET'): Attempt => ({
    bytes: Buffer.from(text, 'latin1'),
    method,
    end,
  })
  const head = `PUT ${path} HTTP/1.1\r\nhost: x\r\n`
  const partOf = (whole: Attempt, end: 'by half' | 'at once'): Attempt => ({
    ...whole,
    bytes: whole.bytes.subarray(0, 1 + random.below(whole.bytes.length - 1)),
    end,
  })
  const whole = request('PUT', path, { body: '{"schemaVersion":2}'.padEnd(random.below(5000)) })
  return random.pick<() => Attempt>([
    // Truncated: the client goes away, or says that this is all.
    () => partOf(whole, 'by half'),
    () => partOf(whole, 'at once'),
    () =>
      partOf(
        request('POST', `/v2/${name}/blobs/uploads/?digest=sha256:${random.hex(64)}`, { body: 'x'.repeat(5000) }),
        'at once',
      ),
    // A length that is none, or several.
    () => raw(`${head}content-length: ${random.pick(['-1', 'x', '1e3', '0x10', '1 2', '9'.repeat(40), ''])}\r\n\r\n{}`),
    () => raw(`${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`),
    () => raw(`${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`),
    () => raw(`${head}transfer-encoding: ${random.pick(['chunky', 'chunked, gzip', 'identity', ','])}\r\n\r\n{}`),
    () =>
      raw(
        `${head}transfer-encoding: chunked\r\n\r\n${random.pick(['x', '-1', 'g', '5;', 'f'.repeat(40)])}\r\n{}\r\n0\r\n\r\n`,
      ),
    // Shorter than its body: the rest is taken for the next request.
    () => raw(`${head}content-length: 1\r\n\r\n{"garbage":${random.below(1000)}}\r\n\r\n`, 'by the registry', 'PUT'),
    () => raw(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n\u0000\u0001garbage\r\n\r\n`),
    // No HTTP at all, or hardly.
    () => ({
      bytes: Buffer.concat([Buffer.from([random.below(32)]), binary, Buffer.from('\r\n\r\n')]),
      method: 'GET',
      end: 'by half',
    }),
    () => raw(`${random.text('ABCDEFGH', 8)}X ${path} HTTP/1.1\r\nhost: x\r\n\r\n`),
    () => raw(`GET ${path} HTTP/${random.pick(['1.9', '3.0', '0.9', 'x', '1'])}\r\nhost: x\r\n\r\n`),
    () => raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    () => raw(`GET ${path}\r\n\r\n`),
    () => raw(`GET ${path} ${path} HTTP/1.1\r\nhost: x\r\n\r\n`),
    () => raw(`CONNECT registry.test:80 HTTP/1.1\r\nhost: x\r\n\r\n`),
    // Headers.
    () => raw(`GET ${path} HTTP/1.1\r\n\r\n`, 'by half'),
    () =>
      raw(
        `GET ${path} HTTP/1.1\r\nhost: x\r\n${random.pick([' folded', ': empty', 'a b: c', 'a\u0000b: c', 'nocolon'])}\r\n\r\n`,
      ),
    () => raw(`GET ${path} HTTP/1.1\r\nhost: x\r\na: b\u0000c\r\n\r\n`),
    () => raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(17_000 + random.below(20_000))}\r\n\r\n`),
    () => raw(`GET ${path} HTTP/1.1\r\nhost: x\r\n${'abcd: efgh\r\n'.repeat(5000)}\r\n`),
    () => raw(`GET /v2/${'a'.repeat(17_000)} HTTP/1.1\r\nhost: x\r\n\r\n`),
    () => raw(`${head}expect: ${random.pick(['nothing', '200-ok'])}\r\ncontent-length: 0\r\n\r\n`, 'by half', 'PUT'),
    () => raw(`GET /v2/ HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n`, 'by half'),
  ])()
}
