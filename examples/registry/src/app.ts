import { randomBytes } from 'node:crypto'
import { maxHeaderSize } from 'node:http'
import { ConfigError, type StorageDriver } from '@longshore/middleware-core'
import { type FastifyInstance, fastify } from 'fastify'
import { failureText } from './observability/error-text.ts'
import { healthRoutes } from './observability/health-routes.ts'
import { Health } from './observability/health.ts'
import { allowedMethods, methodNotAllowed } from './plugins/allowed-methods.ts'
import { type AuthorizationOptions, authorization } from './plugins/authorization.ts'
import { corsPreflight } from './plugins/cors-preflight.ts'
import { type ErrorHandlerOptions, earlyErrors, errorHandler } from './plugins/error-handler.ts'
import { gracefulClose } from './plugins/graceful-close.ts'
import { pipelining } from './plugins/pipelining.ts'
import { readOnly, writeMethods } from './plugins/read-only.ts'
import { requestBody } from './plugins/request-body.ts'
import { type RequestReportOptions, requestReport } from './plugins/request-report.ts'
import { type PublicUrlOptions, type ResponseHeaderOptions, responseHeaders } from './plugins/response-headers.ts'
import { urlRewriter } from './plugins/rewrite-url.ts'
import { validateRequest } from './plugins/validate-request.ts'
import { baseRoutes } from './routes/base.ts'
import { blobRoutes } from './routes/blobs.ts'
import { catalogRoutes } from './routes/catalog.ts'
import { InlineBlobs } from './routes/inline-blobs.ts'
import { manifestRoutes } from './routes/manifests.ts'
import { referrerRoutes } from './routes/referrers.ts'
import type { Services } from './routes/services.ts'
import { tagRoutes } from './routes/tags.ts'
import { uploadRoutes } from './routes/uploads.ts'
import type { HttpsServers } from './server/https-servers.ts'
import { BlobStore } from './storage/blob-store.ts'
import type { CacheProvider } from './storage/cache/lookup-cache.ts'
import { MemoryCaches } from './storage/cache/memory-caches.ts'
import { Catalog } from './storage/catalog.ts'
import { Completeness, type CompletenessOptions } from './storage/completeness.ts'
import { ManifestStore } from './storage/manifest-store.ts'
import { ReferrerStore } from './storage/referrer-store.ts'
import { TagStore } from './storage/tag-store.ts'
import { UploadStore } from './storage/uploads/upload-store.ts'

/** Settings of a registry's contents. */
interface ContentOptions extends CompletenessOptions {
  /** True to allow deleting tags, manifests and blobs. Default false, as in Distribution. */
  deletes?: boolean | undefined
  /** False to send all blobs through the registry, though the storage has URLs for them. Default true. */
  redirects?: boolean | undefined
  /** Blobs, and as many manifests, cached for pulls; 0 for none, `Infinity` for all. Default 10,000, as in Distribution. */
  maxCached?: number | undefined
  /** Source of the caches for pulls, of which its maker disposes. Default: this process' memory, of `maxCached`. */
  caches?: CacheProvider | undefined
  /**
   * Secret that signs the states in uploads' URLs. Nodes with the same one save requests about each other's uploads; they
   * continue them in any case. Default, also for an empty one: a random one.
   */
  secret?: string | undefined
  /** Repositories that one page of the catalog may be asked to hold. Default 1000, as in Distribution. */
  maxCatalogEntries?: number | undefined
  /**
   * Patterns of tags that are set once, and neither moved nor deleted: `v*`. The storage has to have the capability
   * `putIfAbsent`. Default: none.
   */
  immutableTags?: readonly string[] | undefined
  /** Tags that one page of them holds at most, whatever a client asks for. Default: as many as it asks for, or all. */
  maxTags?: number | undefined
  /** Time without a byte after which a client that is sending a body, or being sent a blob, counts as gone. Default 60,000. */
  stallTimeoutMs?: number | undefined
  /**
   * Blobs sent through the registry at once; further clients are told to try again. Default 128, half of the connections
   * that the S3 driver keeps to its storage.
   */
  maxInlineBlobs?: number | undefined
}

/** Settings of a registry. Whoever makes `authenticator` and `https` disposes of them. */
export interface RegistryOptions
  extends
    ContentOptions,
    AuthorizationOptions,
    RequestReportOptions,
    PublicUrlOptions,
    Pick<ResponseHeaderOptions, 'headers'>,
    Partial<ErrorHandlerOptions> {
  /** True to refuse pushes and deletes. Default false. */
  readOnly?: boolean | undefined
  /** Makes the server speak HTTPS. Default: HTTP. */
  https?: HttpsServers | undefined
  /** Health that `/healthz` tells. Default: that of the storage. */
  health?: Health | undefined
}

/**
 * Creates an OCI registry on a storage stack. It keeps nothing to itself, so several can serve one storage. The caller lets
 * it listen, and disposes of the storage after closing it. Failures go to stderr unless `onFailure` is given. Throws a
 * `ConfigError` for immutable tags on a storage that cannot keep them.
 *
 * @example
 * const storage = compose(s3({ ... }), cloudfront({ ... }))
 * await createRegistry(storage).listen({ port: 5000 })
 */
export function createRegistry(storage: StorageDriver, options: RegistryOptions = {}): FastifyInstance {
  const { https, authenticator, onRefusal, headers, host, prefix = '', onArrival, onRequest } = options
  const { health = new Health(storage), onFailure = printFailure } = options
  const services = createServices(storage, options)
  const app = fastify({
    // A blob may take hours. Its bytes are watched while they come, and manifests are limited where they are read.
    requestTimeout: 0,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    forceCloseConnections: 'idle',
    // Requests that still come on a connection in use are answered as ever.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    rewriteUrl: urlRewriter(prefix),
    ...(https && { serverFactory: https.create }),
    http: { requireHostHeader: false },
    // Names are judged by their grammar, which knows how long they may be.
    routerOptions: { maxParamLength: maxHeaderSize },
    ...earlyErrors,
  })
  app.addHook('preClose', async () => health.stop())

  // Each names the plugins that it needs before it, and does not start without them.
  void app
    .register(gracefulClose)
    .register(pipelining)
    .register(requestReport, { onArrival, onRequest })
    .register(errorHandler, { onFailure })
    .register(responseHeaders, { headers, publicUrl: { host, prefix } })
    .register(corsPreflight)
    .register(authorization, { authenticator, onRefusal })
  if (options.readOnly) void app.register(readOnly)
  void app
    .register(validateRequest)
    .register(requestBody)
    .register(allowedMethods, { disabled: options.readOnly ? writeMethods : undefined })

    .register(healthRoutes, { urls: ['/healthz'], check: () => health.check() })
    .register(baseRoutes)
    .register(blobRoutes, services)
    .register(uploadRoutes, services)
    .register(manifestRoutes, services)
    .register(tagRoutes, services)
    .register(referrerRoutes, services)
    .register(catalogRoutes, services)
    .register(methodNotAllowed)
  return app
}

const printFailure: ErrorHandlerOptions['onFailure'] = (error, request) => console.error(failureText(error, request))

function createServices(storage: StorageDriver, options: ContentOptions): Services {
  const { deletes = false, redirects = true, maxCatalogEntries = 1000, immutableTags = [], maxTags } = options
  const { maxCached = 10_000, stallTimeoutMs = 60_000, maxInlineBlobs = 128 } = options
  const { requiredPlatforms, onDamage = text => console.error(text) } = options
  const secret = options.secret || randomBytes(32)
  if (immutableTags.length > 0 && storage.capabilities.putIfAbsent === false) {
    const problem = `the storage ${storage.name} cannot write a file only if it is absent; accepted: no patterns`
    throw new ConfigError([{ option: ['immutableTags'], problem }])
  }
  const { caches = new MemoryCaches({ maxEntries: maxCached }) } = options
  const blobs = new BlobStore(storage, caches)
  const completeness = new Completeness(storage, blobs, { requiredPlatforms, onDamage })
  const manifests = new ManifestStore(storage, completeness, caches)
  const tags = new TagStore(storage, immutableTags)
  return {
    blobs,
    inline: new InlineBlobs(blobs, maxInlineBlobs),
    uploads: new UploadStore(storage, blobs, { secret, stallTimeoutMs }),
    manifests,
    tags,
    referrers: new ReferrerStore(storage, manifests, tags),
    catalog: new Catalog(storage),
    maxCatalogEntries,
    maxTags,
    deletes,
    redirects,
    stallTimeoutMs,
  }
}
