import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders, connect } from 'node:http2'
import { request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from '@jest/globals'
import { certify } from '@longshore/local-cloud'
import { content, digestOf } from '../support/client.ts'
import { printed, readyAt, workplace } from '../support/program.ts'
import { until } from '../support/until.ts'

const here = workplace()
const sessions: ClientHttp2Session[] = []
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy()
})

const h2c = 'http: { addr: 127.0.0.1:0, h2c: { enabled: true }, draintimeout: 10s }\nstorage: inmemory\n'

function open(url: string, options = {}): ClientHttp2Session {
  const session = connect(url, options).on('error', () => {})
  sessions.push(session)
  return session
}

interface Answer {
  readonly headers: Record<string, unknown>
  readonly body: Buffer
}

function begin(session: ClientHttp2Session, method: string, path: string, headers: OutgoingHttpHeaders = {}) {
  return session.request({ ':method': method, ':path': path, ...headers }, { endStream: method === 'GET' })
}

async function answered(stream: ClientHttp2Stream): Promise<Answer> {
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  return { headers, body: await buffer(stream) }
}

function ask(session: ClientHttp2Session, method: string, path: string, body?: Buffer): Promise<Answer> {
  const stream = begin(session, method, path)
  if (method !== 'GET') stream.end(body)
  return answered(stream)
}

describe('http.h2c', () => {
  it('serves pushes and pulls, many at once on a connection, beside HTTP/1.1', async () => {
    const url = await readyAt(await here.startWith(h2c))
    const session = open(url)
    expect((await ask(session, 'GET', '/v2/')).headers).toMatchObject({ ':status': 200 })
    expect((await fetch(`${url}/v2/`)).status).toBe(200)

    const blobs = [1, 100_000, 3_000_000].map(size => content(size))
    const pushed = blobs.map(async blob => {
      const { headers } = await ask(session, 'POST', '/v2/a/blobs/uploads/')
      const location = new URL(String(headers['location']), url)
      const chunk = await ask(session, 'PATCH', location.pathname + location.search, blob)
      expect(chunk.headers).toMatchObject({ ':status': 202, range: `0-${blob.length - 1}` })
      const last = new URL(String(chunk.headers['location']), url)
      last.searchParams.set('digest', digestOf(blob))
      return (await ask(session, 'PUT', last.pathname + last.search)).headers[':status']
    })
    expect(await Promise.all(pushed)).toEqual([201, 201, 201])
    const pulled = await Promise.all(blobs.map(blob => ask(session, 'GET', `/v2/a/blobs/${digestOf(blob)}`)))
    expect(pulled.map(({ body }) => digestOf(body))).toEqual(blobs.map(blob => digestOf(blob)))
    for (const { headers } of pulled) expect(Object.keys(headers)).not.toContain('connection')

    const head = await ask(session, 'HEAD', `/v2/a/blobs/${digestOf(blobs[2] ?? '')}`)
    expect(head.headers).toMatchObject({ ':status': 200, 'content-length': '3000000' })
    expect(head.body.length).toBe(0)
    const absent = await ask(session, 'GET', '/v2/a/manifests/none')
    expect(absent.headers[':status']).toBe(404)
    expect(JSON.parse(absent.body.toString())).toMatchObject({ errors: [{ code: 'MANIFEST_UNKNOWN' }] })
  })

  it('answers a body that is not wanted, and says 100 to who waits for it', async () => {
    const url = await readyAt(await here.startWith(h2c))
    const session = open(url)
    const refused = await ask(session, 'PUT', '/v2/a/manifests/x', content(5 * 1024 * 1024))
    expect(refused.headers[':status']).toBe(413)
    const waiting = begin(session, 'POST', `/v2/a/blobs/uploads/?digest=${digestOf('x')}`, { expect: '100-continue' })
    await once(waiting, 'continue')
    waiting.end('x')
    expect((await answered(waiting)).headers[':status']).toBe(201)
    expect((await ask(session, 'GET', '/v2/')).headers[':status']).toBe(200)
  })

  it('keeps what came of an upload that was cut off', async () => {
    const url = await readyAt(await here.startWith(h2c))
    const session = open(url)
    const { headers } = await ask(session, 'POST', '/v2/a/blobs/uploads/')
    const { pathname, search } = new URL(String(headers['location']), url)
    const cut = begin(session, 'PATCH', pathname + search)
    cut.on('error', () => {})
    cut.write(content(1000))
    // Its own answer comes after what was sent before on the connection.
    await ask(session, 'GET', '/v2/')
    cut.close(8)
    await until(async () => (await ask(session, 'GET', pathname)).headers['range'] === '0-999')
    expect((await ask(session, 'GET', pathname)).headers[':status']).toBe(204)
  })

  it('ends in time with a connection that is open, and lets its requests end', async () => {
    const program = await here.startWith(h2c)
    const url = await readyAt(program)
    const session = open(url)
    const path = `/v2/a/blobs/uploads/?digest=${digestOf('xy')}`
    const upload = begin(session, 'POST', path)
    upload.write('x')
    await ask(session, 'GET', '/v2/')
    const goaway = once(session, 'goaway')
    program.child.kill('SIGTERM')
    await goaway
    upload.end('y')
    expect((await answered(upload)).headers[':status']).toBe(201)
    expect(await program.ended).toBe(0)
    await printed(program, /Stopped after 2 requests/)
  })
})

describe('http.http2', () => {
  it.each([
    [', http2: { disabled: false }', 'h2'],
    ['', 'http/1.1'],
  ])('over TLS is what clients choose where it is on: %s', async (option, protocol) => {
    const { cert, key } = certify({ name: 'the registry' })
    await here.folder.write('cert.pem', cert)
    await here.folder.write('key.pem', key)
    const program = await here.startWith(
      `http: { addr: 127.0.0.1:0, tls: { certificate: cert.pem, key: key.pem }${option} }\nstorage: inmemory\n`,
    )
    const [, url = ''] = await printed(program, /registry at (https:\/\/\S+?)\/v2\//)
    const session = open(url, { ca: cert })
    if (protocol === 'h2') {
      expect((await ask(session, 'GET', '/v2/')).headers[':status']).toBe(200)
      expect(session.alpnProtocol).toBe('h2')
    } else {
      await expect(once(session, 'connect')).rejects.toThrow('no application protocol')
    }
    const sent = request(`${url}/v2/`, { ca: cert, agent: false }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(200)
  })
})
