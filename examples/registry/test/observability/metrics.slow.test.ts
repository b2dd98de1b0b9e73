import { once } from 'node:events'
import { connect } from 'node:net'
import { startLocalCloud } from '@longshore/local-cloud'
import { describe, expect, it } from '@jest/globals'
import { content, digestOf, pushBlob, startUpload } from '../support/client.ts'
import { cloudConfig, withOperations } from '../support/cloud.ts'
import { operationsAt, readyAt, workplace } from '../support/program.ts'
import { until } from '../support/until.ts'

const here = workplace()

type Samples = Map<string, number>

/** Every sample with its labels: `name{label="value"}`. */
async function metricsAt(operations: string): Promise<Samples> {
  const response = await fetch(`${operations}/metrics`)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

describe('/metrics', () => {
  it('counts requests, pulls, signed URLs, S3 requests and calls of the storage', async () => {
    await using cloud = await startLocalCloud()
    const program = await here.startWith(cloudConfig(cloud, { http: withOperations }))
    const [url, operations] = [await readyAt(program), await operationsAt(program)]
    const bytes = content(100_000)
    const digest = await pushBlob({ url }, bytes)
    for (let pull = 0; pull < 3; pull++) {
      await fetch(`${url}/v2/library/hello/blobs/${digest}`, { redirect: 'manual' })
    }
    // With GET, a request to S3 would be called off, which may be before it is on its way.
    await fetch(`${url}/v2/library/hello/blobs/${digestOf('absent')}`, { method: 'HEAD' })
    await fetch(`${url}/nowhere`)
    const route = (of: string, method: string, status: number): string =>
      `registry_http_requests_total{route="${of}",method="${method}",status="${status}"}`
    const samples = await until(
      () => metricsAt(operations),
      found => found.has(route('none', 'GET', 404)),
    )
    expect(
      Object.fromEntries([...samples].filter(([name]) => name.startsWith('registry_http_requests_total'))),
    ).toEqual({
      [route('/v2/:name/blobs/uploads/', 'POST', 202)]: 1,
      [route('/v2/:name/blobs/uploads/:id', 'PUT', 201)]: 1,
      [route('/v2/:name/blobs/:digest', 'GET', 307)]: 3,
      [route('/v2/:name/blobs/:digest', 'HEAD', 404)]: 1,
      [route('none', 'GET', 404)]: 1,
    })
    const value = (name: string): number | undefined => samples.get(name)
    expect(value('registry_http_request_duration_seconds_count{route="/v2/:name/blobs/:digest",method="GET"}')).toBe(3)
    expect(value('registry_pulls_total{via="cloudfront"}')).toBe(3)
    expect(value('registry_signed_url_cache_total{result="miss"}')).toBe(1)
    expect(value('registry_signed_url_cache_total{result="hit"}')).toBe(2)
    expect(value('registry_http_received_bytes_total')).toBe(100_000)
    expect(value('registry_http_sent_bytes_total')).toBeGreaterThan(1000)
    expect(value('registry_http_requests_in_flight')).toBe(0)
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(0)
    const counted = [...samples].filter(([name]) => name.startsWith('registry_s3_requests_total'))
    expect(Object.fromEntries(counted)).toEqual(
      Object.fromEntries(
        Object.entries(cloud.s3.requests.counts()).map(([operation, count]) => [
          `registry_s3_requests_total{operation="${operation}"}`,
          count,
        ]),
      ),
    )
    expect([...samples.keys()].join('\n')).toMatch(/registry_s3_errors_total\{operation="\w+",status="404"\}/)
    const calls = 'registry_storage_operation_duration_seconds_count{driver="s3",operation='
    expect(value(`${calls}"commit",code="OK"}`)).toBe(1)
    expect([...samples.keys()].join('\n')).toContain(`code="PATH_NOT_FOUND"}`)
    expect([...samples.keys()].join('\n')).not.toMatch(/library|hello|[0-9a-f]{64}/)
  })

  it('tells of an upload under way and the memory that it holds', async () => {
    await using cloud = await startLocalCloud()
    const program = await here.startWith(cloudConfig(cloud, { http: withOperations }))
    const [url, operations] = [await readyAt(program), await operationsAt(program)]
    const { pathname, search, port } = new URL(await startUpload({ url }))
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {})
    const bytes = content(3_000_000)
    socket.write(`PATCH ${pathname}${search} HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes.length}\r\n\r\n`)
    socket.write(bytes.subarray(0, 2_000_000))
    await until(
      () => metricsAt(operations),
      found =>
        found.get('registry_uploads_in_flight') === 1 && found.get('registry_upload_memory_bytes') === 5 * 1024 * 1024,
    )
    const answered = once(socket, 'data')
    socket.write(bytes.subarray(2_000_000))
    expect(String(await answered)).toMatch(/^HTTP\/1\.1 202 /)
    socket.destroy()
    await until(
      () => metricsAt(operations),
      found => found.get('registry_uploads_in_flight') === 0 && found.get('registry_upload_memory_bytes') === 0,
    )
  })

  it('is for those who run the registry: not on the port of its clients, and only where it is enabled', async () => {
    const program = await here.startWith(
      'http: { addr: 127.0.0.1:0, debug: { addr: 127.0.0.1:0 } }\nstorage: inmemory\n',
    )
    for (const url of [await readyAt(program), await operationsAt(program)]) {
      expect((await fetch(`${url}/metrics`)).status).toBe(404)
    }
    expect(program.output).not.toContain('Metrics')
  })

  it('is where the configuration says', async () => {
    const debug = 'debug: { addr: 127.0.0.1:0, prometheus: { enabled: true, path: /deep/metrics } }'
    const program = await here.startWith(`http: { addr: 127.0.0.1:0, ${debug} }\nstorage: inmemory\n`)
    const operations = await operationsAt(program)
    expect(program.output).toContain(`metrics at ${operations}/deep/metrics\n`)
    expect((await fetch(`${operations}/deep/metrics`)).status).toBe(200)
  })

  it('says when its port is in use', async () => {
    const first = await here.startWith('http: { addr: 127.0.0.1:0 }\nstorage: inmemory\n')
    const { host } = new URL(await readyAt(first))
    const file = await here.configure(`http: { addr: 127.0.0.1:0, debug: { addr: ${host} } }\nstorage: inmemory\n`)
    const second = here.start('--config', file)
    expect(await second.ended).toBe(1)
    expect(second.errors).toBe(
      `Cannot listen on ${host}: the port is in use; choose another one with http.debug.addr\n`,
    )
  })
})
