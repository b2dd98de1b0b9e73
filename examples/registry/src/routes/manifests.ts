import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Digest, asDigest, digestOf, digestParts } from '../digest.ts'
import { RegistryError } from '../errors.ts'
import { parseManifest } from '../manifest.ts'
import { isTag } from '../names.ts'
import { receiveWhole } from '../receive.ts'
import type { Registry } from '../registry.ts'
import { manifestUrl } from '../repository-url.ts'
import { wrongDigest } from '../stores/blob-store.ts'
import { type StoredManifest, longestManifest, unknownManifest } from '../stores/manifest-store.ts'
import { bodyOf } from './body.ts'
import { assertDeletes, repositoryName } from './parameters.ts'

interface Route {
  Params: { name: string; reference: string }
}

/** What a manifest is called: its digest, or a tag. */
type Reference = { digest: Digest } | { tag: string }

/** end-3, end-7 and end-9: pulling, pushing and deleting manifests. */
export function manifestRoutes(app: FastifyInstance, registry: Registry): void {
  const { manifests, tags } = registry
  const url = '/v2/:name/manifests/:reference'

  async function find({ params }: FastifyRequest<Route>): Promise<StoredManifest> {
    const repository = repositoryName(params.name)
    const reference = referenceFrom(params.reference)
    if (!reference) throw unknownManifest(repository, params.reference)
    const digest = 'tag' in reference ? await tags.resolve(repository, reference.tag) : reference.digest
    if (!digest) throw unknownManifest(repository, params.reference)
    return manifests.get(repository, digest)
  }

  app.head<Route>(url, async (request, reply) => {
    const manifest = await find(request)
    return describe(reply, manifest).header('content-length', manifest.content.length).send()
  })

  app.get<Route>(url, async (request, reply) => {
    const manifest = await find(request)
    describe(reply, manifest)
    if (request.headers['if-none-match'] === etag(manifest)) return reply.code(304).send()
    return reply.send(manifest.content)
  })

  app.put<Route>(url, async (request, reply) => {
    const repository = repositoryName(request.params.name)
    const reference = referenceFrom(request.params.reference)
    if (!reference) {
      throw new RegistryError('TAG_INVALID', 'neither a tag nor a digest', { details: [request.params.reference] })
    }
    const content = await receiveWhole(bodyOf(request, registry.patience), longestManifest)
    if (!content) throw tooLong()
    assertType(content, request.headers['content-type'])
    if ('digest' in reference) assertDigest(content, reference.digest)
    const digest = await manifests.put(repository, content, 'digest' in reference ? reference.digest : undefined)
    if ('tag' in reference) await tags.set(repository, reference.tag, digest)
    const headers = { location: manifestUrl(repository, digest), 'docker-content-digest': digest }
    return reply.code(201).headers(headers).send()
  })

  app.delete<Route>(url, async ({ params }, reply) => {
    assertDeletes(registry)
    const repository = repositoryName(params.name)
    const reference = referenceFrom(params.reference)
    if (!reference) throw unknownManifest(repository, params.reference)
    if ('tag' in reference) {
      if (!(await tags.delete(repository, reference.tag))) throw unknownManifest(repository, reference.tag)
    } else {
      await manifests.delete(repository, reference.digest)
      await tags.deleteAllOf(repository, reference.digest)
    }
    return reply.code(202).send()
  })
}

function referenceFrom(text: string): Reference | undefined {
  const digest = asDigest(text)
  if (digest) return { digest }
  return isTag(text) ? { tag: text } : undefined
}

function describe(reply: FastifyReply, manifest: StoredManifest): FastifyReply {
  return reply
    .header('content-type', manifest.mediaType)
    .header('docker-content-digest', manifest.digest)
    .header('etag', etag(manifest))
}

function etag({ digest }: StoredManifest): string {
  return `"${digest}"`
}

function tooLong(): RegistryError {
  const message = `longer than ${longestManifest} bytes`
  return new RegistryError('MANIFEST_INVALID', message, { status: 413 })
}

/** The layout keeps no type beside a manifest, so a type that its content does not show would be lost. */
function assertType(content: Uint8Array, contentType: string | undefined): void {
  const said = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  const { mediaType } = parseManifest(content)
  if (said === undefined || said === mediaType) return
  const message = 'its Content-Type is not what its content is'
  throw new RegistryError('MANIFEST_INVALID', message, { details: [{ contentType: said, mediaType }] })
}

function assertDigest(content: Uint8Array, digest: Digest): void {
  if (digestOf(content, digestParts(digest).algorithm) !== digest) throw wrongDigest(digest)
}
