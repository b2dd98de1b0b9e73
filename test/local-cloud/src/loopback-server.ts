import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server of HTTP or HTTPS that only this machine can reach. */
export interface LoopbackServer {
  port: number
  /** Ends every connection, busy ones included, and frees the port. */
  close(): Promise<void>
}

/** Listens on 127.0.0.1 only, for HTTPS where there is a certificate; port 0 takes any free one. The handler must not reject. */
export async function listenOnLoopback(
  port: number,
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  tls?: { cert: string; key: string },
): Promise<LoopbackServer> {
  // Both S3 and CloudFront answer what is too long for them themselves.
  const listener = (request: IncomingMessage, response: ServerResponse) => void handler(request, response)
  const options = { maxHeaderSize: 65_536 }
  const server = tls ? createTlsServer({ ...options, ...tls }, listener) : createServer(options, listener)
  // Without this listener Node asks for the body at once; S3 looks at the headers first and may refuse without it.
  server.on('checkContinue', listener)
  // A pooled client connection must not die under a request that is just being sent; and an upload may take its time.
  server.keepAliveTimeout = 120_000
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
