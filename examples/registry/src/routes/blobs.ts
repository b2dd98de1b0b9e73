import { type UrlClient, isStorageError } from '@longshore/middleware-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { withStallTimeout } from './stall-timeout.ts'
import { RegistryError } from '../oci/errors.ts'
import type { Blob } from '../storage/blob-store.ts'
import { requestedRange } from './byte-range.ts'
import { isKnown } from './if-none-match.ts'
import { assertDeletes, digestFrom, repositoryName } from './parameters.ts'
import type { Services } from './services.ts'

interface Route {
  Params: { name: string; digest: string }
}

/** end-2 and end-10: pulling and deleting blobs. */
export const blobRoutes = fp<Services>(
  async (app, registry) => {
    const { blobs } = registry
    const url = '/v2/:name/blobs/:digest'

    // Answered here even where a GET is redirected: the answer is known by now, and another host would be asked for nothing.
    app.head<Route>(url, async ({ params, headers }, reply) => {
      const blob = await blobs.find(repositoryName(params.name), digestFrom(params.digest))
      if (isKnown(headers['if-none-match'], blob.digest)) return describe(reply, blob).code(304).send()
      return describe(reply, blob).header('content-length', blob.size).send()
    })

    app.get<Route>(url, async (request, reply) => {
      const { params } = request
      const blob = await blobs.findToFetch(repositoryName(params.name), digestFrom(params.digest), registry.redirects)
      // Here and not where a client is redirected to: that one may know the bytes under another tag.
      if (isKnown(request.headers['if-none-match'], blob.digest)) return describe(reply, blob).code(304).send()
      const redirect = registry.redirects ? await blobs.urlFor(blob, describeClient(request)) : undefined
      reply.servedBy = redirect?.via ?? 'inline'
      if (!redirect) return serve(request, reply, registry, blob)
      return reply.header('docker-content-digest', blob.digest).redirect(redirect.url, 307)
    })

    app.delete<Route>(url, async ({ params }, reply) => {
      assertDeletes(registry)
      await blobs.unlink(repositoryName(params.name), digestFrom(params.digest))
      return reply.code(202).send()
    })
  },
  {
    name: 'blob-routes',
    dependencies: ['allowed-methods', 'authorization', 'validate-request', 'request-body', 'graceful-close'],
    fastify: '5.x',
  },
)

/** Describes the client that a URL is for. The storage stack knows which proxies may speak for it. */
function describeClient({ socket, headers }: FastifyRequest): UrlClient {
  return {
    ip: socket.remoteAddress,
    userAgent: headers['user-agent'],
    xForwardedFor: headers['x-forwarded-for'],
    forwarded: headers.forwarded,
  }
}

/** Sends the blob, as it is now, from the storage to the client. One that was replaced since it was cached is found anew. */
async function serve(request: FastifyRequest, reply: FastifyReply, services: Services, blob: Blob): Promise<unknown> {
  try {
    return await send(request, reply, services, blob)
  } catch (error) {
    if (!isStorageError(error, 'PRECONDITION_FAILED')) throw error
    return send(request, reply, services, await services.blobs.refresh(blob))
  }
}

/** Sends the blob, or the part of it that was asked for. */
async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { inline, stallTimeoutMs }: Services,
  blob: Blob,
): Promise<unknown> {
  const range = isCurrent(request.headers['if-range'], blob) ? requestedRange(request.headers.range, blob.size) : 'all'
  if (range === 'unsatisfiable') {
    const headers = { 'content-range': `bytes */${blob.size}` }
    throw new RegistryError('RANGE_INVALID', 'the blob has no such bytes', { headers })
  }
  if (range === 'all') {
    const reader = await inline.reader(blob)
    return describe(reply, blob)
      .header('content-length', blob.size)
      .send(withStallTimeout(reader, reply.raw, stallTimeoutMs))
  }
  const { start, end } = range
  const reader = await inline.reader(blob, { offset: start, length: end - start + 1 })
  return describe(reply, blob)
    .code(206)
    .header('content-range', `bytes ${start}-${end}/${blob.size}`)
    .header('content-length', end - start + 1)
    .send(withStallTimeout(reader, reply.raw, stallTimeoutMs))
}

function describe(reply: FastifyReply, { digest }: Blob): FastifyReply {
  return reply
    .header('content-type', 'application/octet-stream')
    .header('docker-content-digest', digest)
    .header('etag', `"${digest}"`)
    .header('accept-ranges', 'bytes')
}

function isCurrent(ifRange: string | string[] | undefined, { digest }: Blob): boolean {
  return ifRange === undefined || ifRange === `"${digest}"`
}
