import { randomBytes } from 'node:crypto'
import { maxHeaderSize } from 'node:http'
import type { StorageDriver } from '@longshore/middleware-core'
import { type FastifyInstance, fastify } from 'fastify'
import type { Gatekeeper } from './access/gatekeeper.ts'
import { guard } from './access/guard.ts'
import { refuseWrites } from './access/read-only.ts'
import { allowedMethods } from './allowed-methods.ts'
import { answerHeaders } from './answer-headers.ts'
import { closeAfterHandlers } from './close-after-handlers.ts'
import { closeConnections } from './close-connections.ts'
import { endEarlyAnswers } from './early-answers.ts'
import { type OnFailure, answerErrors, earlyErrors } from './error-answers.ts'
import { failureText } from './operations/error-text.ts'
import { Health } from './operations/health.ts'
import { healthRoutes } from './operations/health-routes.ts'
import { type PublicPlace, publicUrls, withoutPrefix } from './public-urls.ts'
import { refuseBadHttp } from './http-refusals.ts'
import { withNameAsOneSegment } from './repository-url.ts'
import { type OnArrival, type OnRequest, reportRequests } from './request-report.ts'
import { baseRoutes } from './routes/base.ts'
import { blobRoutes } from './routes/blobs.ts'
import { catalogRoutes } from './routes/catalog.ts'
import { manifestRoutes } from './routes/manifests.ts'
import { referrerRoutes } from './routes/referrers.ts'
import { tagRoutes } from './routes/tags.ts'
import { uploadRoutes } from './routes/uploads.ts'
import { BlobStore } from './stores/blob-store.ts'
import { Catalog } from './stores/catalog.ts'
import { ManifestStore } from './stores/manifest-store.ts'
import { ReferrerStore } from './stores/referrer-store.ts'
import { TagStore } from './stores/tag-store.ts'
import { UploadStore } from './stores/upload-store.ts'
import type { HttpsServers } from './tls.ts'

export interface RegistryOptions extends PublicPlace {
  /** Tells who may do what. Whoever made it disposes of it. Default: everybody may do everything. */
  gatekeeper?: Gatekeeper | undefined
  /** Whether pushes and deletes are refused. Default false. */
  readOnly?: boolean | undefined
  /** Makes the server speak HTTPS. Whoever made it disposes of it. Default: HTTP. */
  https?: HttpsServers | undefined
  /** Added to every answer. */
  headers?: Readonly<Record<string, readonly string[]>> | undefined
  /** Whether tags, manifests and blobs can be deleted. Default false, as in Distribution. */
  deletes?: boolean | undefined
  /** Whether blobs are fetched from where the storage says, if it says so, or all through the registry. Default true. */
  redirects?: boolean | undefined
  /** How many blobs and manifests are remembered for pulls; 0 for none. Default 10,000, as in Distribution. */
  cache?: number | undefined
  /**
   * What the states in uploads' URLs are signed with. Nodes with the same secret save the storage questions about each
   * other's uploads; they continue them in any case. Default: a random one.
   */
  secret?: string | undefined
  /** The most repositories that one page of the catalog may be asked to hold. Default 1000, as in Distribution. */
  mostCatalogEntries?: number | undefined
  /** Seconds without a byte after which a client that is sending a body counts as gone. Default 60. */
  patience?: number | undefined
  /** What `/healthz` says. Default: whether the storage answers. */
  health?: Health | undefined
  /** Called when a request has come. */
  onArrival?: OnArrival | undefined
  /** Called after each request. */
  onRequest?: OnRequest | undefined
  /** Called with what lies behind an answer with a status from 500 on. Default: it goes to stderr. */
  onFailure?: OnFailure | undefined
}

/** The methods that a read-only registry refuses. */
const writes = ['DELETE', 'PATCH', 'POST', 'PUT']

/** What the routes work with. */
export interface Registry {
  readonly blobs: BlobStore
  readonly uploads: UploadStore
  readonly manifests: ManifestStore
  readonly tags: TagStore
  readonly referrers: ReferrerStore
  readonly catalog: Catalog
  readonly mostCatalogEntries: number
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
  const { https, prefix = '' } = options
  const app = fastify({
    // A blob may take hours. Its bytes are watched while they come, and manifests are limited where they are read.
    requestTimeout: 0,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    forceCloseConnections: 'idle',
    // What still comes on a connection that is in use is answered as ever.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    rewriteUrl: request => withNameAsOneSegment(withoutPrefix(request.url ?? '/', prefix)),
    ...(https && { serverFactory: https.create }),
    http: { requireHostHeader: false },
    // Names are judged by their grammar, which knows how long they may be.
    routerOptions: { maxParamLength: maxHeaderSize },
    ...earlyErrors,
  })
  // Bodies are streams for the routes to read, whatever type they are said to have.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))

  reportRequests(app, options.onArrival ?? (() => {}), options.onRequest ?? (() => {}))
  answerErrors(app, options.onFailure ?? ((error, request) => console.error(failureText(error, request))))
  answerHeaders(app, options.headers ?? {})
  guard(app, options.gatekeeper)
  if (options.readOnly) refuseWrites(app)

  publicUrls(app, options)
  refuseBadHttp(app)
  endEarlyAnswers(app)
  closeAfterHandlers(app)
  const refuseOtherMethods = allowedMethods(app, new Set(options.readOnly ? writes : []))
  closeConnections(app)

  const health = options.health ?? new Health(storage)
  app.addHook('preClose', async () => health.stop())
  healthRoutes(app, ['/healthz'], () => health.check())

  const registry = assemble(storage, options)
  for (const routes of [baseRoutes, blobRoutes, uploadRoutes, manifestRoutes, tagRoutes, referrerRoutes, catalogRoutes])
    routes(app, registry)
  refuseOtherMethods()
  return app
}

function assemble(storage: StorageDriver, options: RegistryOptions): Registry {
  const { deletes = false, redirects = true, mostCatalogEntries = 1000, patience = 60, cache = 10_000 } = options
  const secret = options.secret || randomBytes(32)
  const blobs = new BlobStore(storage, cache)
  const manifests = new ManifestStore(storage, blobs, cache)
  const tags = new TagStore(storage)
  return {
    blobs,
    uploads: new UploadStore(storage, blobs, { secret, patience }),
    manifests,
    tags,
    referrers: new ReferrerStore(storage, manifests, tags),
    catalog: new Catalog(storage),
    mostCatalogEntries,
    deletes,
    redirects,
    patience,
  }
}
