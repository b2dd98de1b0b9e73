import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { readBody } from '../plugins/request-body.ts'
import { type Digest, asDigest, digestOf, digestParts } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { type Manifest, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts'
import { isTag } from '../oci/names.ts'
import { wrongDigest } from '../storage/blob-store.ts'
import { type StoredManifest, unknownManifest } from '../storage/manifest-store.ts'
import { receiveWhole } from '../storage/receive.ts'
import { isKnown } from './if-none-match.ts'
import { type Query, assertDeletes, digestFrom, queryValues, repositoryName } from './parameters.ts'
import type { Services } from './services.ts'

interface Route {
  Params: { name: string; reference: string }
  Querystring: Query
}

/** Name of a manifest: its digest, or a tag. */
type Reference = { digest: Digest } | { tag: string }

/** Tags that one push can set. */
const MAX_TAGS = 100

/** end-3, end-7 and end-9: pulling, pushing and deleting manifests. */
export const manifestRoutes = fp<Services>(
  async (app, registry) => {
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

    // A manifest is served as what it is, whatever a client says to accept: its digest is that of these bytes.
    app.route<Route>({
      method: ['GET', 'HEAD'],
      url,
      handler: async (request, reply) => {
        const manifest = await find(request)
        describe(reply, manifest)
        if (isKnown(request.headers['if-none-match'], manifest.digest)) return reply.code(304).send()
        return reply.send(manifest.content)
      },
    })

    app.put<Route>(url, async (request, reply) => {
      const repository = repositoryName(request.params.name)
      const reference = pushedReference(request.params.reference)
      const newTags = tagsToSet(reference, request.query)
      const content = await receiveWhole(readBody(request, registry.stallTimeoutMs), MAX_MANIFEST_BYTES)
      if (!content) throw tooLong()
      const manifest = parseManifest(content)
      assertType(manifest, request.headers['content-type'])
      if ('digest' in reference) assertDigest(content, reference.digest)
      const digest = 'digest' in reference ? reference.digest : digestOf(content)
      await manifests.put(repository, digest, content, manifest)
      for (const tag of newTags) await tags.set(repository, tag, digest)
      if (manifest.subject) reply.header('oci-subject', manifest.subject)
      if ('digest' in reference && newTags.length > 0) reply.header('oci-tag', newTags)
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
        await tags.assertDeletable(repository, reference.digest)
        await manifests.delete(repository, reference.digest)
        await tags.deleteAllOf(repository, reference.digest)
      }
      return reply.code(202).send()
    })
  },
  {
    name: 'manifest-routes',
    dependencies: ['allowed-methods', 'authorization', 'validate-request', 'request-body', 'graceful-close'],
    fastify: '5.x',
  },
)

function referenceFrom(text: string): Reference | undefined {
  const digest = asDigest(text)
  if (digest) return { digest }
  return isTag(text) ? { tag: text } : undefined
}

/** Reads the reference of a push. No tag has a colon, so what has one was meant to be a digest. */
function pushedReference(text: string): Reference {
  return text.includes(':') ? { digest: digestFrom(text) } : { tag: tagFrom(text) }
}

function tagFrom(text: string): string {
  if (isTag(text)) return text
  throw new RegistryError('TAG_INVALID', 'neither a tag nor a digest', { details: [{ tag: text }] })
}

/** Tags of a push: the reference or, for a push by digest, the `tag` parameters, as the specification has it since 1.1. */
function tagsToSet(reference: Reference, query: Query): string[] {
  if ('tag' in reference) return [reference.tag]
  const named = [...new Set(queryValues(query, 'tag'))].map(tagFrom)
  if (named.length <= MAX_TAGS) return named
  throw new RegistryError('TAG_INVALID', `more than ${MAX_TAGS} tags`, { status: 414 })
}

function describe(reply: FastifyReply, { mediaType, digest, content }: StoredManifest): FastifyReply {
  return reply
    .header('content-type', mediaType)
    .header('content-length', content.length)
    .header('docker-content-digest', digest)
    .header('etag', `"${digest}"`)
}

function tooLong(): RegistryError {
  const message = `longer than ${MAX_MANIFEST_BYTES} bytes`
  return new RegistryError('MANIFEST_INVALID', message, { status: 413 })
}

/** Checks the type. The layout keeps none beside a manifest, so one that its content does not show would be lost. */
function assertType({ mediaType }: Manifest, contentType: string | undefined): void {
  const said = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  if (said === undefined || said === mediaType) return
  const message = 'its Content-Type is not what its content is'
  throw new RegistryError('MANIFEST_INVALID', message, { details: [{ contentType: said, mediaType }] })
}

function assertDigest(content: Uint8Array, digest: Digest): void {
  if (digestOf(content, digestParts(digest).algorithm) !== digest) throw wrongDigest(digest)
}

/** Path of a manifest, for a `Location` header. */
function manifestUrl(repository: string, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`
}
