import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Digest } from '../digest.ts'
import { RegistryError } from '../errors.ts'
import { isUploadId } from '../names.ts'
import type { Registry } from '../registry.ts'
import { blobUrl, uploadUrl } from '../repository-url.ts'
import { type Chunk, OutOfOrder, type UploadName } from '../stores/upload-store.ts'
import { bodyOf, hasBody } from './body.ts'
import { contentRange, ofRange } from './content-range.ts'
import { type Query, digestFrom, queryValue, repositoryName } from './parameters.ts'

interface StartRoute {
  Params: { name: string }
  Querystring: Query
}

interface UploadRoute {
  Params: { name: string; id: string }
  Querystring: Query
}

/** end-4, end-5, end-6, end-11 and end-13: pushing blobs, whole or in chunks, and mounting them from other repositories. */
export function uploadRoutes(app: FastifyInstance, registry: Registry): void {
  const { blobs, uploads } = registry
  const url = '/v2/:name/blobs/uploads/:id'

  const start = async (request: FastifyRequest<StartRoute>, reply: FastifyReply): Promise<unknown> => {
    const repository = repositoryName(request.params.name)
    const mount = queryValue(request.query, 'mount')
    const from = queryValue(request.query, 'from')
    const digest = queryValue(request.query, 'digest')
    if (mount !== undefined && from !== undefined) {
      const mounted = digestFrom(mount)
      if (await blobs.has(repositoryName(from), mounted)) {
        await blobs.link(repository, mounted)
        return published(reply, repository, mounted)
      }
    } else if (digest !== undefined && hasBody(request)) {
      const whole = digestFrom(digest)
      await uploads.receiveWhole(repository, whole, bodyOf(request, registry.patience))
      return published(reply, repository, whole)
    }
    return progress(reply, { repository, id: await uploads.start(repository) }, 0)
      .code(202)
      .send()
  }
  // Some clients leave the last slash out.
  for (const url of ['/v2/:name/blobs/uploads/', '/v2/:name/blobs/uploads']) app.post<StartRoute>(url, start)

  app.get<UploadRoute>(url, async (request, reply) => {
    const upload = uploadName(request)
    return progress(reply, upload, await uploads.size(upload))
      .code(204)
      .send()
  })

  app.patch<UploadRoute>(url, async (request, reply) => {
    const upload = uploadName(request)
    const size = await tellingWhere(reply, upload, uploads.append(upload, chunkOf(request)))
    return progress(reply, upload, size).code(202).send()
  })

  app.put<UploadRoute>(url, async (request, reply) => {
    const upload = uploadName(request)
    const digest = digestFrom(queryValue(request.query, 'digest'))
    await tellingWhere(reply, upload, uploads.complete(upload, digest, chunkOf(request)))
    return published(reply, upload.repository, digest)
  })

  app.delete<UploadRoute>(url, async (request, reply) => {
    await uploads.cancel(uploadName(request))
    return reply.code(204).send()
  })

  function chunkOf(request: FastifyRequest): Chunk {
    const body = bodyOf(request, registry.patience)
    const range = contentRange(request.headers)
    return range ? { body: ofRange(body, range), offset: range.start } : { body, offset: undefined }
  }
}

function uploadName({ params }: FastifyRequest<UploadRoute>): UploadName {
  const repository = repositoryName(params.name)
  if (isUploadId(params.id)) return { repository, id: params.id }
  throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry', { details: [{ id: params.id }] })
}

/** Where the upload goes on, and how much of it is there. Of nothing and of one byte the specification's range is 0-0. */
function progress(reply: FastifyReply, { repository, id }: UploadName, size: number): FastifyReply {
  return reply
    .header('location', uploadUrl(repository, id))
    .header('docker-upload-uuid', id)
    .header('range', `0-${Math.max(size - 1, 0)}`)
}

/** A client whose chunk came out of order learns where to go on. */
async function tellingWhere<Result>(reply: FastifyReply, upload: UploadName, call: Promise<Result>): Promise<Result> {
  try {
    return await call
  } catch (error) {
    if (error instanceof OutOfOrder) progress(reply, upload, error.size)
    throw error
  }
}

function published(reply: FastifyReply, repository: string, digest: Digest): FastifyReply {
  const headers = { location: blobUrl(repository, digest), 'docker-content-digest': digest }
  return reply.code(201).headers(headers).send()
}
