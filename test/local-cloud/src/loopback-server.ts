import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A `node:http` server that only this machine can reach. */
export interface LoopbackServer {
  port: number
  /** Ends every connection, busy ones included, and frees the port. */
  close(): Promise<void>
}

/** Listens on 127.0.0.1 only; port 0 takes any free one. The handler must not reject. */
export async function listenOnLoopback(
  port: number,
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<LoopbackServer> {
  // Both S3 and CloudFront answer what is too long for them themselves.
  const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => void handler(request, response))
  // Without this listener Node asks for the body at once; S3 looks at the headers first and may refuse without it.
  server.on('checkContinue', (request, response) => void handler(request, response))
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
