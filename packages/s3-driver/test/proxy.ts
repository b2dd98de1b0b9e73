import { type IncomingMessage, createServer, request as send } from 'node:http'
import type { LocalCloud } from '@longshore/local-cloud'

/** Answer that a test gives in the place of the local cloud. */
export interface ProxyAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | number>>
  /** Without a `content-length` among the headers it goes out in chunks. */
  readonly body?: string | Uint8Array
}

/** A server that answers some requests itself. */
export interface Proxy extends AsyncDisposable {
  readonly endpoint: string
}

/** Starts a way to the local cloud on which `answer` decides first: what it gives nothing for goes on to the cloud. */
export async function startProxy(
  cloud: LocalCloud,
  answer: (request: IncomingMessage) => ProxyAnswer | undefined | Promise<ProxyAnswer | undefined>,
): Promise<Proxy> {
  const server = createServer((request, response) => {
    void (async () => {
      const own = await answer(request)
      if (own) {
        request.resume()
        response.writeHead(own.status, own.headers)
        response.write('')
        response.end(request.method === 'HEAD' ? undefined : own.body)
        return
      }
      const { method, url, headers } = request
      const onward = send({ host: '127.0.0.1', port: cloud.s3.port, method, path: url, headers }, answered => {
        response.writeHead(answered.statusCode ?? 500, answered.headers)
        answered.on('error', () => response.destroy()).pipe(response)
      })
      onward.on('error', () => response.destroy())
      response.on('close', () => onward.destroy())
      request.pipe(onward)
    })()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>(resolve => void server.close(() => resolve()))
    },
  }
}
