import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { always, startLocalCloud } from '@longshore/local-cloud'
import { describe, expect, it } from '@jest/globals'
import { content, digestOf, pushBlob } from '../support/client.ts'
import { cloudConfig } from '../support/cloud.ts'
import { type Program, printed, readyAt, workplace } from '../support/program.ts'
import { until } from '../support/until.ts'

const here = workplace()

type Line = Record<string, unknown>

function linesOf({ output }: Program): Line[] {
  return output
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Line)
}

/** Where a program is that tells it in JSON. */
async function listening(program: Program): Promise<string> {
  const [, authority] = await printed(program, /"listening on (\S+)"/)
  return `http://${authority}`
}

/** Waits for the line of the request with an id. */
async function lineOf(program: Program, id: string): Promise<Line> {
  await printed(program, new RegExp(`"http.request.id":"${id}".*\n`))
  return linesOf(program).find(line => line['http.request.id'] === id) ?? {}
}

/** For a program that does not say where it is. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

const inMemory = 'http: { addr: 127.0.0.1:0 }\nstorage: inmemory\n'

describe('in JSON', () => {
  it('has a line for each request, named as in its answer', async () => {
    const program = await here.startWith(
      `${inMemory}log: { formatter: json, fields: { service: registry, zone: a } }\n`,
    )
    const url = await listening(program)
    const bytes = content(12_345)
    const target = `/v2/library/hello/blobs/uploads/?digest=${digestOf(bytes)}`
    const headers = { 'user-agent': 'tester/1.0' }
    const answer = await fetch(url + target, { method: 'POST', body: bytes, headers })
    const id = answer.headers.get('x-request-id') ?? ''
    expect(id).toMatch(/^[0-9a-f]{16}$/)
    const line = await lineOf(program, id)
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'registry',
      zone: 'a',
      msg: 'response completed',
      'http.request.id': id,
      'http.request.method': 'POST',
      'http.request.uri': target,
      'http.request.remoteaddr': '127.0.0.1',
      'http.request.useragent': 'tester/1.0',
      'http.request.received': 12_345,
      'http.response.status': 201,
      'http.response.written': expect.any(Number),
      'http.response.milliseconds': expect.any(Number),
    })
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
    expect(linesOf(program).every(({ service }) => service === 'registry')).toBe(true)
    expect(linesOf(program).at(-1)).toMatchObject({ level: 'info', msg: 'stopped after 1 requests' })
    expect(program.errors).toBe('')
  })

  it('says who serves a pull', async () => {
    await using cloud = await startLocalCloud()
    const program = await here.startWith(cloudConfig(cloud, { rest: 'log: { formatter: json }\n' }))
    const url = await listening(program)
    const digest = await pushBlob({ url })
    const pull = await fetch(`${url}/v2/library/hello/blobs/${digest}`, { redirect: 'manual' })
    const line = await lineOf(program, pull.headers.get('x-request-id') ?? '')
    expect(line).toMatchObject({ 'http.response.status': 307, 'http.response.servedby': 'cloudfront' })
  })

  it("takes a proxy's id, but only one that can stand in a line", async () => {
    const program = await here.startWith(`${inMemory}log: { formatter: json }\n`)
    const url = await listening(program)
    const idOf = async (given: string): Promise<string | null> => {
      const answer = await fetch(`${url}/v2/`, { headers: { 'x-request-id': given } })
      return answer.headers.get('x-request-id')
    }
    const proxys = '1-67891233-abcdef012345678912345678'
    expect(await idOf(proxys)).toBe(proxys)
    await lineOf(program, proxys)
    for (const bad of ['', 'a b', '"}', 'x'.repeat(129), 'é']) expect(await idOf(bad)).toMatch(/^[0-9a-f]{16}$/)
  })

  it('tells what lies behind a 5xx, under the id of its request', async () => {
    await using cloud = await startLocalCloud()
    const program = await here.startWith(cloudConfig(cloud, { rest: 'log: { formatter: json }\n' }))
    const url = await listening(program)
    cloud.s3.faults.add(always({ kind: 'error', status: 501, code: 'NotImplemented' }))
    const answer = await fetch(`${url}/v2/library/hello/blobs/uploads/?state=hush`, { method: 'POST' })
    expect(answer.status).toBe(500)
    const id = answer.headers.get('x-request-id') ?? ''
    await printed(program, new RegExp(`"http.request.id":"${id}".*response completed`))
    expect(linesOf(program).find(({ level }) => level === 'error')).toMatchObject({
      'http.request.id': id,
      msg: 'request failed',
      'http.request.method': 'POST',
      'http.request.uri': '/v2/library/hello/blobs/uploads/?state=(not shown)',
      err: expect.stringContaining('StorageError: s3: '),
    })
    expect(program.output).not.toContain('hush')
  })

  it("has Logstash's names where it is asked for them", async () => {
    const program = await here.startWith(`${inMemory}log: { formatter: logstash }\n`)
    await printed(program, /\n/)
    expect(linesOf(program)[0]).toEqual({
      '@timestamp': expect.any(String),
      '@version': '1',
      level: 'info',
      message: expect.stringMatching(/^listening on /),
    })
  })
})

describe('what is logged', () => {
  it('holds no secret', async () => {
    await using cloud = await startLocalCloud()
    for (const formatter of ['json', 'text']) {
      const rest = `log: { formatter: ${formatter}, level: debug }\n`
      const program = await here.startWith(cloudConfig(cloud, { rest }))
      const url = formatter === 'json' ? await listening(program) : await readyAt(program)
      const headers = { authorization: `Basic ${Buffer.from('user:hush-1').toString('base64')}`, cookie: 'hush-2' }
      const digest = await pushBlob({ url })
      const signed = await fetch(
        `${url}/v2/library/hello/blobs/${digest}?token=hush-3&digest=x&X-Amz-Signature=hush-4`,
        {
          headers,
          redirect: 'manual',
        },
      )
      expect(signed.headers.get('location')).toContain('Signature=')
      await fetch(`${url}/v2/library/hello/tags/list?_state=hush-5`, { headers })
      cloud.s3.faults.add(always({ kind: 'error', status: 403, code: 'SignatureDoesNotMatch' }))
      const failed = await fetch(`${url}/v2/other/blobs/${digest}`, { headers })
      expect(failed.status).toBe(500)
      cloud.s3.faults.clear()
      program.child.kill('SIGTERM')
      expect(await program.ended).toBe(0)
      const all = program.output + program.errors
      expect(all).toContain(failed.headers.get('x-request-id'))
      expect(all).toContain('token=(not shown)&digest=x')
      for (const secret of [
        'hush-',
        headers.authorization.slice(6),
        cloud.credentials.secretAccessKey,
        'Signature=K',
        'Policy=',
      ]) {
        expect(all).not.toContain(secret)
      }
      expect(all).not.toMatch(/Signature=(?!\(not shown\))|BEGIN [A-Z ]*PRIVATE KEY/)
    }
  })

  it('leaves requests out where they are not wanted', async () => {
    const program = await here.startWith(`${inMemory}log: { accesslog: { disabled: true } }\n`)
    const url = await readyAt(program)
    await fetch(`${url}/v2/`)
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
    expect(program.output).toContain('Stopped after 1 requests')
    expect(program.output).not.toContain('GET')
  })

  it.each(['text', 'json'])('is only what is as important as the level: %s', async formatter => {
    const port = await freePort()
    const log = `log: { level: warn, formatter: ${formatter} }\n`
    const program = await here.startWith(`http: { addr: 127.0.0.1:${port} }\nstorage: inmemory\n${log}`)
    await until(
      () => fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined),
      answer => answer?.status === 200,
    )
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
    expect(program.output).toBe('')
    expect(program.errors).toBe('')
  })

  it('is a line with the id of the request, for people', async () => {
    const program = await here.startWith(inMemory)
    const url = await readyAt(program)
    const answer = await fetch(`${url}/v2/`, { headers: { 'x-request-id': 'trace-1' } })
    expect(answer.status).toBe(200)
    await printed(program, /registry {2}GET +\/v2\/ +200 +\d+ ms +trace-1\n/)
  })

  it('leaves out that the registry is well', async () => {
    const program = await here.startWith(inMemory)
    const url = await readyAt(program)
    await fetch(`${url}/healthz`)
    await fetch(`${url}/v2/`)
    await printed(program, /GET +\/v2\/ +200/)
    expect(program.output).not.toContain('/healthz')
  })
})

describe('output that nobody reads any more', () => {
  it.each(['text', 'json'])('does not end the registry: %s', async formatter => {
    const program = await here.startWith(`${inMemory}log: { formatter: ${formatter} }\n`)
    const url = formatter === 'json' ? await listening(program) : await readyAt(program)
    program.child.stdout?.destroy()
    program.child.stderr?.destroy()
    for (let round = 0; round < 20; round++) expect((await fetch(`${url}/v2/`)).status).toBe(200)
    const digest = await pushBlob({ url })
    expect(digest).toMatch(/^sha256:/)
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
  })
})
