import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

/** Function from a web `Request` to its `Response`, or to undefined where the URL is somebody else's. */
export type WebHandler = (request: Request) => Promise<Response | undefined>

/**
 * Serves a web handler from `node:http`, and so from Express. False where the handler leaves the request to others; its body
 * is untouched then.
 *
 * @example
 * createServer(async (request, response) => {
 *   if (!(await serveNodeRequest(uploads, request, response))) response.writeHead(404).end()
 * })
 */
export async function serveNodeRequest(
  handler: WebHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const answer = await handler(toWebRequest(request))
  if (!answer) return false
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.end(Buffer.from(await answer.arrayBuffer()))
  return true
}

function toWebRequest(request: IncomingMessage): Request {
  const { method = 'GET', url = '/', headers } = request
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  return new Request(new URL(url, `http://${headers.host ?? 'localhost'}`), {
    method,
    headers: pairs,
    ...(hasBody ? { body: Readable.toWeb(request) as ReadableStream, duplex: 'half' } : {}),
  })
}
