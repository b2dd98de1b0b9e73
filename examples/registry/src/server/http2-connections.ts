import type { Server } from 'node:http'
import { type ServerHttp2Session, createServer } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { serveStream } from './http2-stream.ts'

/** HTTP/2 beside HTTP/1.1, on the port of one server. */
export interface Http2Connections {
  /** Lets the requests under way end, and takes no more. */
  close(): void
  /** Ends what is left. */
  destroy(): void
}

/** Bytes of a body that a client may send ahead, on a stream; and on all of a connection. */
const STREAM_WINDOW = 1024 * 1024
const CONNECTION_WINDOW = 8 * STREAM_WINDOW

/** Requests at once on a connection. */
const MAX_CONCURRENT_STREAMS = 128

/** Time that a client has for the first bytes, and then may be silent for without a request. */
const FIRST_BYTES_TIMEOUT_MS = 60_000
const IDLE_TIMEOUT_MS = 72_000

/** First bytes of a client that speaks HTTP/2 without being asked (RFC 9113, 3.4). No method of HTTP/1.1 begins so. */
const PREFACE = 'PRI'

/**
 * Lets a server speak HTTP/2, too: over TLS to those that choose it (ALPN), without TLS to those that begin with it, as Go's
 * h2c with prior knowledge. Call it before the server listens.
 */
export function acceptHttp2(server: Server, { isSecure }: { isSecure: boolean }): Http2Connections {
  const event = isSecure ? 'secureConnection' : 'connection'
  const listeners = server.listeners(event) as ((socket: Socket) => void)[]
  // The last one is HTTP/1.1's; those before it may refuse a connection.
  const http1 = listeners.at(-1)
  if (!http1) throw new TypeError(`a server without a listener to ${event}`)
  server.off(event, http1)
  const sessions = new Set<ServerHttp2Session>()
  const undecided = new Set<Socket>()
  const http2 = createServer({
    settings: { initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: MAX_CONCURRENT_STREAMS },
  })
  http2.on('session', session => {
    sessions.add(session)
    session.setLocalWindowSize(CONNECTION_WINDOW)
    session.setTimeout(IDLE_TIMEOUT_MS, () => session.close())
    session.on('error', () => {}).once('close', () => sessions.delete(session))
  })
  http2.on('stream', (stream, headers) =>
    serveStream(stream, headers, connection => http1.call(server, connection as Socket)),
  )
  server.on(event, (socket: Socket) => {
    if (socket.destroyed) return
    const serve = (isHttp2: boolean): void => {
      if (isHttp2) http2.emit('connection', socket)
      else http1.call(server, socket)
    }
    if (isSecure) serve((socket as TLSSocket).alpnProtocol === 'h2')
    else decide(socket, undecided, serve)
  })
  return {
    close() {
      for (const socket of undecided) socket.destroy()
      for (const session of sessions) session.close()
    },
    destroy() {
      for (const session of sessions) session.destroy()
    },
  }
}

/** Looks at the first bytes of a connection, and puts them back. */
function decide(socket: Socket, undecided: Set<Socket>, serve: (isHttp2: boolean) => void): void {
  let start = Buffer.alloc(0)
  const end = (): void => void socket.destroy()
  const settle = (): void => {
    undecided.delete(socket)
    socket
      .setTimeout(0)
      .off('timeout', end)
      .off('error', end)
      .off('end', end)
      .off('close', settle)
      .off('readable', look)
  }
  const look = (): void => {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) return
    start = Buffer.concat([start, chunk])
    const seen = start.toString('latin1', 0, PREFACE.length)
    if (seen.length < PREFACE.length && PREFACE.startsWith(seen)) return
    settle()
    socket.unshift(start)
    serve(seen === PREFACE)
  }
  undecided.add(socket)
  socket.setTimeout(FIRST_BYTES_TIMEOUT_MS).on('timeout', end).on('error', end).on('end', end).on('close', settle)
  socket.on('readable', look)
}
