import { maxHeaderSize } from 'node:http'
import type { StorageDriver } from '@longshore/middleware-core'
import { type FastifyInstance, fastify } from 'fastify'
import { closeAfterHandlers } from './close-after-handlers.ts'
import { endEarlyAnswers } from './early-answers.ts'
import { type OnFailure, answerErrors, earlyErrors } from './error-answers.ts'
import { withNameAsOneSegment } from './repository-url.ts'
import { type OnRequest, reportRequests } from './request-report.ts'
import { baseRoutes } from './routes/base.ts'
import { blobRoutes } from './routes/blobs.ts'
import { manifestRoutes } from './routes/manifests.ts'
import { tagRoutes } from './routes/tags.ts'
import { uploadRoutes } from './routes/uploads.ts'
import { BlobStore } from './stores/blob-store.ts'
import { ManifestStore } from './stores/manifest-store.ts'
import { TagStore } from './stores/tag-store.ts'
import { UploadStore } from './stores/upload-store.ts'

export interface RegistryOptions {
  /** Whether tags, manifests and blobs can be deleted. Default false, as in Distribution. */
  deletes?: boolean | undefined
  /** Whether blobs are fetched from where the storage says, if it says so, or all through the registry. Default true. */
  redirects?: boolean | undefined
  /** Seconds without a byte after which a client that is sending a body counts as gone. Default 60. */
  patience?: number | undefined
  /** Called after each request. */
  onRequest?: OnRequest | undefined
  /** Called with what lies behind an answer with a status from 500 on. Default: it goes to stderr. */
  onFailure?: OnFailure | undefined
}

/** What the routes work with. */
export interface Registry {
  readonly blobs: BlobStore
  readonly uploads: UploadStore
  readonly manifests: ManifestStore
  readonly tags: TagStore
  readonly deletes: boolean
  readonly redirects: boolean
  readonly patience: number
}

/**
 * An OCI registry on a storage stack. It keeps nothing to itself, so several can serve one storage. The caller lets it
 * listen, and disposes of the storage after closing it.
 *
 * ```ts
 * const storage = compose(s3({ ... }), cloudfront({ ... }))
 * await createRegistry(storage).listen({ port: 5000 })
 * ```
 */
export function createRegistry(storage: StorageDriver, options: RegistryOptions = {}): FastifyInstance {
  const app = fastify({
    // A blob may take hours. Its bytes are watched while they come, and manifests are limited where they are read.
    requestTimeout: 0,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    rewriteUrl: request => withNameAsOneSegment(request.url ?? '/'),
    // Names are judged by their grammar, which knows how long they may be.
    routerOptions: { maxParamLength: maxHeaderSize },
    ...earlyErrors,
  })
  // Bodies are streams for the routes to read, whatever type they are said to have.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))

  reportRequests(app, options.onRequest ?? (() => {}))
  answerErrors(app, options.onFailure ?? ((error, { method, url }) => console.error(`${method} ${url}:`, error)))

  endEarlyAnswers(app)
  closeAfterHandlers(app)

  const registry = assemble(storage, options)
  for (const routes of [baseRoutes, blobRoutes, uploadRoutes, manifestRoutes, tagRoutes]) routes(app, registry)
  return app
}

function assemble(storage: StorageDriver, options: RegistryOptions): Registry {
  const { deletes = false, redirects = true, patience = 60 } = options
  const blobs = new BlobStore(storage)
  return {
    blobs,
    uploads: new UploadStore(storage, blobs),
    manifests: new ManifestStore(storage, blobs),
    tags: new TagStore(storage),
    deletes,
    redirects,
    patience,
  }
}
