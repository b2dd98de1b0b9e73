import { type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from 'node:http'
import { type IncomingHttpHeaders, type ServerHttp2Stream, constants } from 'node:http2'
import { type Duplex, duplexPair } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Headers that are about one connection: HTTP/2 has none (RFC 9113, 8.2.2). */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

/**
 * Serves a request of HTTP/2 as one of HTTP/1.1 on a connection of its own, inside the process: all that the registry knows
 * of connections (stalls, ends, bodies that nobody reads) holds for it, too. `serve` takes the connection.
 */
export function serveStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  serve: (connection: Duplex) => void,
): void {
  const [client, server] = duplexPair()
  // A pair does not tell its other half of the end by itself.
  client.on('close', () => server.destroy())
  server.on('close', () => client.destroy())
  for (const half of [client, server]) half.on('error', () => {})
  stream.on('error', () => {}).on('close', () => client.destroy())
  serve(asSocket(server, stream))
  try {
    send(stream, headers, client)
  } catch {
    // Characters that HTTP/1.1 has no room for.
    stream.respond({ ':status': 400 }, { endStream: true })
    client.destroy()
  }
}

/** Gives a stream what the server asks of a socket. */
function asSocket(connection: Duplex, stream: ServerHttp2Stream): Duplex {
  const { remoteAddress, remotePort } = stream.session?.socket ?? {}
  stream.on('timeout', () => connection.emit('timeout'))
  const itself = (): Duplex => connection
  return Object.assign(connection, {
    remoteAddress,
    remotePort,
    setKeepAlive: itself,
    setNoDelay: itself,
    setTimeout(ms: number) {
      if (!stream.destroyed) stream.setTimeout(ms)
      return connection
    },
  })
}

function send(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: Duplex): void {
  const { ':method': method = 'GET', ':path': path = '/', ':authority': authority } = headers
  const sent = httpRequest({
    createConnection: () => connection,
    method,
    path,
    headers: withoutConnection({ ...headers, host: authority ?? headers.host }),
    setHost: false,
  })
  sent.on('continue', () => canRespond(stream) && stream.additionalHeaders({ ':status': 100 }))
  sent.on('response', response => void respond(stream, response))
  sent.on('error', () => {
    // After an answer the rest of the body is not wanted any more; without one the client has to know that it failed.
    if (canRespond(stream)) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  })
  if (stream.endAfterHeaders) sent.end()
  else stream.pipe(sent)
}

async function respond(stream: ServerHttp2Stream, response: IncomingMessage): Promise<void> {
  if (!canRespond(stream)) return
  stream.respond({ ...withoutConnection(response.headers), ':status': response.statusCode })
  // HEAD, 204 and 304 have ended with their headers.
  if (stream.writableEnded) response.resume()
  else await pipeline(response, stream).catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
  if (!stream.readableEnded && !stream.closed) stream.close(constants.NGHTTP2_NO_ERROR)
}

function canRespond(stream: ServerHttp2Stream): boolean {
  return !stream.headersSent && !stream.destroyed && !stream.closed
}

function withoutConnection(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && !name.startsWith(':') && !ofConnection.has(name),
  )
  return Object.fromEntries(kept)
}
