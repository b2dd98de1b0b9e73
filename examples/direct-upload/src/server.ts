import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { StorageDriver } from '@longshore/middleware-core'
import { UploadRefusedError, createUploadService, serveNodeRequest } from '@longshore/middleware-core/upload-service'

const MAX_BYTES = 10 * 1024 ** 3

const page = new URL('../page/index.html', import.meta.url)

/** Makes a server whose page uploads to the storage: the service signs requests, and no byte of a file passes it. */
export function createUploadServer(
  storage: StorageDriver,
  client = new URL(import.meta.resolve('@longshore/middleware-core/upload-client')),
): Server {
  const uploads = createUploadService(storage, {
    basePath: '/uploads',
    // Here is the place to check who asks. The name in the storage is the service's choice, never the client's alone.
    targetFor: ({ name, size, type }) => {
      if (size > MAX_BYTES) throw new UploadRefusedError(`${name} is larger than ${MAX_BYTES} bytes`, 413)
      const contentType = type === '' ? 'auto' : type
      return { path: `/inbox/${randomUUID()}/${name}`, metadata: { contentType } }
    },
  })
  return createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      console.error(error)
      response.writeHead(500).end()
    })
  })

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (await serveNodeRequest(uploads, request, response)) return
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/') await sendFile(response, page, 'text/html; charset=utf-8')
    else if (pathname === '/upload-client.js') await sendFile(response, client, 'text/javascript')
    else response.writeHead(404).end()
  }
}

async function sendFile(response: ServerResponse, file: URL, type: string): Promise<void> {
  response.writeHead(200, { 'content-type': type }).end(await readFile(file))
}
