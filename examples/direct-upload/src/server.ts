import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { StorageDriver } from '@longshore/middleware-core'
import { UploadRefused, createUploadService, serveNodeRequest } from '@longshore/middleware-core/upload-service'

const MAX_BYTES = 10 * 1024 ** 3

/** Files that a browser loads. The client is one file without imports. */
const files: Record<string, { type: string; file: string }> = {
  '/': { type: 'text/html; charset=utf-8', file: new URL('../page/index.html', import.meta.url).href },
  '/upload-client.js': {
    type: 'text/javascript',
    file: import.meta.resolve('@longshore/middleware-core/upload-client'),
  },
}

/** Makes a server whose page uploads to the storage: the service signs requests, and no byte of a file passes it. */
export function createUploadServer(storage: StorageDriver): ReturnType<typeof createServer> {
  const uploads = createUploadService(storage, {
    basePath: '/uploads',
    // Here is the place to check who asks. The name in the storage is the service's choice, never the client's alone.
    place: ({ name, size, type }) => {
      if (size > MAX_BYTES) throw new UploadRefused(`${name} is larger than ${MAX_BYTES} bytes`, 413)
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
    const found = files[pathname]
    if (!found) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': found.type }).end(await readFile(new URL(found.file)))
  }
}
