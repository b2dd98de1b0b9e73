import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { type TestServer, answering, startServer } from '../../test/http-server.ts'
import { type NewVersion, type RequestLimits, type Version, requestVersion } from './aws-ip-ranges-request.ts'

const limits: RequestLimits = { timeoutMs: 20_000, maxBytes: 100_000 }

let server: TestServer
beforeEach(async () => {
  server = await startServer(answering('{}'))
})
afterEach(() => server.close())

function request(
  known?: Version,
  changes: Partial<RequestLimits> = {},
  signal = new AbortController().signal,
): Promise<NewVersion | undefined> {
  return requestVersion(server.url, known, { ...limits, ...changes }, signal)
}

describe('a request', () => {
  it('gives the text, and what the version is called', async () => {
    server.answer = answering('ü'.repeat(1000), { etag: '"1"', 'last-modified': 'Wed, 18 Nov 2026 00:00:00 GMT' })
    expect(await request()).toEqual({
      text: 'ü'.repeat(1000),
      version: { etag: '"1"', lastModified: 'Wed, 18 Nov 2026 00:00:00 GMT' },
    })
    expect(server.requests[0]).not.toHaveProperty('if-none-match')
    expect(server.requests[0]).not.toHaveProperty('if-modified-since')
  })

  it('asks only for another version than the known one', async () => {
    server.answer = (_, response) => response.writeHead(304).end()
    const known = { etag: '"1"', lastModified: 'Wed, 18 Nov 2026 00:00:00 GMT' }
    expect(await request(known)).toBeUndefined()
    expect(server.requests).toEqual([
      expect.objectContaining({ 'if-none-match': '"1"', 'if-modified-since': known.lastModified }),
    ])
  })

  it('leaves no connection behind, however it ends', async () => {
    await request()
    await server.idle()
    server.answer = (_, response) => response.writeHead(500).write('more is to come')
    await expect(request()).rejects.toThrow()
    await server.idle()
  })
})

describe('an answer is refused', () => {
  it.each([204, 206, 304, 403, 404, 500, 503])('with status %i', async status => {
    server.answer = (_, response) => response.writeHead(status).end()
    await expect(request()).rejects.toThrow(`the answer is ${status}`)
  })

  it.each([301, 302, 303, 307, 308])('with status %i: a redirect is not followed', async status => {
    server.answer = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end()
    await expect(request()).rejects.toThrow(`the answer is ${status}, a redirect, which is not followed`)
    expect(server.requests).toHaveLength(1)
  })

  it('when it says that it is too long', async () => {
    server.answer = (_, response) => response.writeHead(200, { 'content-length': '100001' }).write('{')
    await expect(request()).rejects.toThrow('longer than 100000 bytes')
    await server.idle()
  })

  it('when it turns out to be too long, without reading it to its end', async () => {
    let sent = 0
    server.answer = (_, response) => {
      const chunk = ' '.repeat(10_000)
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length
      }
      response.on('drain', pour)
      pour()
    }
    await expect(request()).rejects.toThrow('longer than 100000 bytes')
    await server.idle()
    expect(sent).toBeGreaterThan(100_000)
  })

  it('when it breaks off', async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{', () => response.destroy())
    }
    await expect(request()).rejects.toThrow('aborted')
  })

  it('when nobody listens', async () => {
    await server.close()
    await expect(request()).rejects.toThrow('ECONNREFUSED')
  })

  it('when it does not begin in time', async () => {
    server.answer = () => {}
    await expect(request(undefined, { timeoutMs: 50 })).rejects.toThrow('no whole answer within 0.05 s')
    await server.idle()
  })

  it('when it does not end in time, though it trickles', async () => {
    let trickle: NodeJS.Timeout | undefined
    server.answer = (_, response) => {
      trickle = setInterval(() => response.write(' '), 5)
    }
    await expect(request(undefined, { timeoutMs: 100 })).rejects.toThrow('no whole answer within 0.1 s')
    clearInterval(trickle)
    await server.idle()
  })
})

describe('an aborted request', () => {
  const reason = new Error('enough')

  it('is not sent', async () => {
    await expect(request(undefined, {}, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(server.requests).toHaveLength(0)
  })

  it('does without a warning where many requests share a signal, and leaves no listener', async () => {
    const { signal } = new AbortController()
    const warned = jest.spyOn(process, 'emitWarning')
    await Promise.all(Array.from({ length: 20 }, async () => request(undefined, {}, signal)))
    expect(warned).not.toHaveBeenCalled()
    warned.mockRestore()
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it.each(['before the answer', 'during the answer'])('ends %s', async when => {
    const abort = new AbortController()
    const received = new Promise<void>(resolve => {
      server.answer = (_, response) => {
        if (when === 'during the answer') response.write('{')
        resolve()
      }
    })
    const aborted = expect(request(undefined, {}, abort.signal)).rejects.toBe(reason)
    await received
    if (when === 'during the answer') await new Promise(setImmediate)
    abort.abort(reason)
    await aborted
    await server.idle()
  })
})
