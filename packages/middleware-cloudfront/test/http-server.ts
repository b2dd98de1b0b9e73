import { once } from 'node:events'
import { type IncomingHttpHeaders, type RequestListener, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A web server on this machine whose behaviour a test can change at any time. Nothing of it keeps the process alive, so that
 * a test can see whether its client does.
 */
export interface TestServer {
  readonly url: URL
  /** The headers of every request, in their order. */
  readonly requests: IncomingHttpHeaders[]
  answer: RequestListener
  /** Resolves once no connection is left. */
  idle(): Promise<void>
  close(): Promise<void>
}

export async function startServer(answer: RequestListener): Promise<TestServer> {
  const requests: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    requests.push(request.headers)
    started.answer(request, response)
  })
  const connections = new Set<Promise<void>>()
  server.on('connection', socket => {
    const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
    connections.add(closed)
    void closed.then(() => connections.delete(closed))
    socket.unref()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  const started: TestServer = {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/ip-ranges.json`),
    requests,
    answer,
    idle: async () => {
      await Promise.all(connections)
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      if (server.listening) await once(server, 'close')
    },
  }
  return started
}

/** Answers with a body and headers. */
export function answering(body: string, headers: Record<string, string> = {}): RequestListener {
  return (_, response) => {
    response.writeHead(200, headers)
    response.end(body)
  }
}
