import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { pullScope } from '../auth/scope.ts'
import { readBody, hasBody } from '../plugins/request-body.ts'
import type { Digest } from '../oci/digest.ts'
import { isUploadId } from '../oci/names.ts'
import { type Chunk, OutOfOrder, unknownUpload } from '../storage/uploads/upload-data.ts'
import type { UploadName } from '../storage/uploads/upload-state.ts'
import type { Progress } from '../storage/uploads/upload-store.ts'
import { checkLength, parseContentRange } from './content-range.ts'
import { type Query, digestFrom, queryValue, repositoryName } from './parameters.ts'
import type { Services } from './services.ts'

interface StartRoute {
  Params: { name: string }
  Querystring: Query
}

interface UploadRoute {
  Params: { name: string; id: string }
  Querystring: Query
}

/**
 * end-4, end-5, end-6, end-11 and end-13: pushing blobs, whole or in chunks, and mounting them from other repositories.
 *
 * A mount that names no other repository starts an upload. The specification lets a registry look for the blob wherever it
 * is. That would tell everybody who may push somewhere which blobs there are, and give them those of others to read.
 */
export const uploadRoutes = fp<Services>(
  async (app, registry) => {
    const { blobs, uploads } = registry
    const url = '/v2/:name/blobs/uploads/:id'

    const start = async (request: FastifyRequest<StartRoute>, reply: FastifyReply): Promise<unknown> => {
      const repository = repositoryName(request.params.name)
      const mount = queryValue(request.query, 'mount')
      const from = queryValue(request.query, 'from')
      const digest = queryValue(request.query, 'digest')
      if (mount !== undefined && from !== undefined) {
        const mounted = digestFrom(mount)
        const source = repositoryName(from)
        const mayTake = request.identity.may(pullScope(source))
        if (mayTake && (await blobs.mount(source, repository, mounted))) return published(reply, repository, mounted)
      } else if (digest !== undefined && hasBody(request)) {
        const whole = digestFrom(digest)
        await uploads.receiveWhole(repository, whole, readBody(request, registry.stallTimeoutMs))
        return published(reply, repository, whole)
      }
      const { id, ...progress } = await uploads.start(repository)
      return describe(reply, { repository, id }, progress).code(202).send()
    }
    // Some clients leave the last slash out.
    for (const url of ['/v2/:name/blobs/uploads/', '/v2/:name/blobs/uploads']) app.post<StartRoute>(url, start)

    app.get<UploadRoute>(url, { exposeHeadRoute: true }, async (request, reply) => {
      const upload = uploadName(request)
      const progress = await uploads.status(upload, stateOf(request))
      return describe(reply, upload, progress).code(204).send()
    })

    app.patch<UploadRoute>(url, async (request, reply) => {
      const upload = uploadName(request)
      const progress = await withOffsetOnMismatch(
        request,
        reply,
        uploads.append(upload, chunkOf(request), stateOf(request)),
      )
      return describe(reply, upload, progress).code(202).send()
    })

    app.put<UploadRoute>(url, async (request, reply) => {
      const upload = uploadName(request)
      const digest = digestFrom(queryValue(request.query, 'digest'))
      await withOffsetOnMismatch(request, reply, uploads.complete(upload, digest, chunkOf(request), stateOf(request)))
      return published(reply, upload.repository, digest)
    })

    app.delete<UploadRoute>(url, async (request, reply) => {
      await uploads.cancel(uploadName(request))
      return reply.code(204).send()
    })

    function chunkOf(request: FastifyRequest): Chunk {
      const body = readBody(request, registry.stallTimeoutMs)
      const stop = (): void => void request.raw.destroy(new Error('the upload was cancelled'))
      const { 'content-range': text, 'content-length': length } = request.headers
      if (text === undefined) return { body, offset: undefined, stop }
      const range = parseContentRange(text, length)
      return { body: checkLength(body, range), offset: range.start, stop }
    }

    /** Waits for a call, and tells a client whose chunk came out of order where to continue. */
    async function withOffsetOnMismatch<Result>(
      request: FastifyRequest<UploadRoute>,
      reply: FastifyReply,
      call: Promise<Result>,
    ): Promise<Result> {
      try {
        return await call
      } catch (error) {
        const upload = uploadName(request)
        if (error instanceof OutOfOrder) describe(reply, upload, uploads.progress(upload, error.size, stateOf(request)))
        throw error
      }
    }
  },
  {
    name: 'upload-routes',
    dependencies: ['allowed-methods', 'authorization', 'validate-request', 'request-body', 'graceful-close'],
    fastify: '5.x',
  },
)

function stateOf({ query }: FastifyRequest<UploadRoute>): string | undefined {
  return queryValue(query, '_state')
}

function uploadName({ params }: FastifyRequest<UploadRoute>): UploadName {
  const repository = repositoryName(params.name)
  if (isUploadId(params.id)) return { repository, id: params.id }
  throw unknownUpload(params.id)
}

/** Describes where an upload continues, and how much of it is there. The specification's range of nothing is 0-0, as of one byte. */
function describe(reply: FastifyReply, { repository, id }: UploadName, { size, state }: Progress): FastifyReply {
  return reply
    .header('location', uploadUrl(repository, id, state))
    .header('docker-upload-uuid', id)
    .header('range', `0-${Math.max(size - 1, 0)}`)
}

/** Answers a push that has made a blob. */
function published(reply: FastifyReply, repository: string, digest: Digest): FastifyReply {
  const headers = { location: blobUrl(repository, digest), 'docker-content-digest': digest }
  return reply.code(201).headers(headers).send()
}

/** Path of a blob, for a `Location` header. */
function blobUrl(repository: string, digest: string): string {
  return `/v2/${repository}/blobs/${digest}`
}

/** Path of an upload. It says all that is needed to continue it on any node; the state only makes that cheaper. */
function uploadUrl(repository: string, id: string, state: string): string {
  return `/v2/${repository}/blobs/uploads/${id}?_state=${encodeURIComponent(state)}`
}
