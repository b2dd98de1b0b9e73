import { maxHeaderSize } from 'node:http'
import type { StorageDriver } from '@longshore/middleware-core'
import { type FastifyInstance, fastify } from 'fastify'
import type { Authenticator } from './auth/authenticator.ts'
import { guard } from './plugins/authorization.ts'
import { refuseWrites } from './plugins/read-only.ts'
import { allowedMethods } from './plugins/allowed-methods.ts'
import { answerHeaders } from './plugins/answer-headers.ts'
import { refuseBadHttp } from './plugins/validate-request.ts'
import { closeAfterHandlers } from './plugins/close-after-handlers.ts'
import { closeConnections } from './plugins/graceful-close.ts'
import { withDecodablePath } from './plugins/rewrite-url.ts'
import { endEarlyAnswers } from './plugins/early-answers.ts'
import { type OnFailure, answerErrors, earlyErrors } from './plugins/error-handler.ts'
import type { HttpsServers } from './server/https-servers.ts'
import { originForm } from './server/origin-form.ts'
import { type PublicPlace, publicUrls, withoutPrefix } from './plugins/response-headers.ts'
import { type OnArrival, type OnRequest, reportRequests } from './plugins/request-report.ts'
import { takeTurns } from './plugins/pipelining.ts'
import { failureText } from './observability/error-text.ts'
import { healthRoutes } from './observability/health-routes.ts'
import { Health } from './observability/health.ts'
import { baseRoutes } from './routes/base.ts'
import { blobRoutes } from './routes/blobs.ts'
import { catalogRoutes } from './routes/catalog.ts'
import { manifestRoutes } from './routes/manifests.ts'
import { referrerRoutes } from './routes/referrers.ts'
import { type ContentOptions, createServices } from './routes/services.ts'
import { encodeRepositoryName } from './routes/repository-url.ts'
import { tagRoutes } from './routes/tags.ts'
import { uploadRoutes } from './routes/uploads.ts'

export interface RegistryOptions extends PublicPlace, ContentOptions {
  /** Tells who may do what. Whoever made it disposes of it. Default: everybody may do everything. */
  authenticator?: Authenticator | undefined
  /** Whether pushes and deletes are refused. Default false. */
  readOnly?: boolean | undefined
  /** Makes the server speak HTTPS. Whoever made it disposes of it. Default: HTTP. */
  https?: HttpsServers | undefined
  /** Added to every answer. */
  headers?: Readonly<Record<string, readonly string[]>> | undefined
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
    rewriteUrl: ({ url = '/' }) => encodeRepositoryName(withDecodablePath(withoutPrefix(originForm(url), prefix))),
    ...(https && { serverFactory: https.create }),
    http: { requireHostHeader: false },
    // Names are judged by their grammar, which knows how long they may be.
    routerOptions: { maxParamLength: maxHeaderSize },
    ...earlyErrors,
  })
  // Bodies are streams for the routes to read, whatever type they are said to have.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))

  takeTurns(app, closeConnections(app))
  reportRequests(app, options.onArrival ?? (() => {}), options.onRequest ?? (() => {}))
  answerErrors(app, options.onFailure ?? ((error, request) => console.error(failureText(error, request))))
  answerHeaders(app, options.headers ?? {})
  guard(app, options.authenticator)
  if (options.readOnly) refuseWrites(app)

  publicUrls(app, options)
  refuseBadHttp(app)
  endEarlyAnswers(app)
  closeAfterHandlers(app)
  const refuseOtherMethods = allowedMethods(app, new Set(options.readOnly ? writes : []))

  const health = options.health ?? new Health(storage)
  app.addHook('preClose', async () => health.stop())
  healthRoutes(app, ['/healthz'], () => health.check())

  const parts = createServices(storage, options)
  for (const routes of [baseRoutes, blobRoutes, uploadRoutes, manifestRoutes, tagRoutes, referrerRoutes, catalogRoutes])
    routes(app, parts)
  refuseOtherMethods()
  return app
}
