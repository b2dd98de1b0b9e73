import { type Config, createStorage } from '@longshore/middleware-core'
import type { FastifyInstance } from 'fastify'
import { createRegistry } from './app.ts'
import { createRefusalLog } from './auth/refusal-log.ts'
import { type Address, chosenAddress } from './config/address.ts'
import { withLocation } from './config/option-file.ts'
import type { RegistrySettings } from './config/registry-settings.ts'
import { startPurgeScheduler } from './gc/purge-scheduler.ts'
import { Health } from './observability/health.ts'
import { Metrics } from './observability/metrics.ts'
import type { Operations } from './server/operations-server.ts'
import type { RegistryLog } from './observability/registry-log.ts'
import { assertKeepsTags } from './storage/immutable-support.ts'
import { findStorageProblem } from './observability/storage-check.ts'
import { openAccessLayer } from './server/access-layer.ts'
import type { AcceptedConnections } from './server/accepted-connections.ts'
import { acceptHttp2 } from './server/http2-connections.ts'
import { listen } from './server/listen.ts'
import type { CachePeers } from './storage/cache/cache-peers.ts'
import { openCaches } from './storage/cache/open-caches.ts'
import { keepTickShape } from './server/tick-workaround.ts'

/**
 * Registry that listens, in this process or in several. Disposing of it lets its requests end, for as long as the
 * configuration gives them, and then ends its storage. Its health can still be asked for meanwhile.
 */
export interface RunningRegistry extends Operations, AsyncDisposable {
  /** Host and port as clients write them: `127.0.0.1:5000`. Empty where another process listens. */
  readonly authority: string
  /** Oddities of the configuration, and what keeps the storage from being used. */
  readonly warnings: readonly string[]
  /** Requests so far. */
  readonly requests: number
}

export interface StartOptions {
  /** Takes precedence over the configuration's. */
  readonly address?: Partial<Address>
  /** Connections that another process accepts. Default: this one listens. */
  readonly connections?: AcceptedConnections
  readonly log: RegistryLog
  /** Used where the configuration has no secret. Default: one of its own. */
  readonly secret?: string
  /** Name of the process in metrics, where there are several. */
  readonly worker?: string
  /** The other processes, where there are several. */
  readonly peers?: CachePeers
}

/** Options of `createRegistry` that a configuration calls otherwise, as far as errors are about them. */
export const programNames = { immutableTags: ['tags', 'immutable'] }

/** Starts the registry that a configuration describes, in this process. `settings` are those of the configuration. */
export async function startRegistry(
  config: Config,
  settings: RegistrySettings,
  { address = {}, connections, log, secret, worker, peers }: StartOptions,
): Promise<RunningRegistry> {
  keepTickShape()
  const metrics = settings.debug?.prometheus.enabled ? new Metrics(worker) : undefined
  // Of several workers one warns of files that all read, and purges what all see.
  const isFirst = worker === undefined || worker === '1'
  const accessLayer = await openAccessLayer(config, settings, isFirst ? log.warn : () => {})
  const storage = await createStorage(config).catch((error: unknown) => {
    accessLayer[Symbol.dispose]()
    throw error
  })
  const caches = await withLocation(config, () => openCaches(settings.cache, { log, peers })).catch(
    async (error: unknown) => {
      accessLayer[Symbol.dispose]()
      await storage[Symbol.asyncDispose]()
      throw error
    },
  )
  const { asksStorage, intervalMs, threshold } = settings.health
  const health = new Health(storage, { asksStorage, maxAgeMs: intervalMs, threshold })
  const onRefusal = createRefusalLog(log.info)
  let requests = 0
  const create = (): FastifyInstance =>
    createRegistry(storage, {
      deletes: settings.deletes,
      redirects: settings.redirects,
      readOnly: settings.readOnly,
      maxCatalogEntries: settings.maxCatalogEntries,
      caches,
      immutableTags: settings.immutableTags,
      requiredPlatforms: settings.requiredPlatforms,
      maxTags: settings.maxTags,
      authenticator: accessLayer.authenticator,
      onRefusal,
      https: accessLayer.https,
      headers: settings.headers,
      host: settings.host,
      prefix: settings.prefix,
      secret: settings.secret || secret,
      health,
      onArrival: arrival => metrics?.arrived(arrival),
      onRequest: report => {
        requests += 1
        metrics?.ended(report)
        log.request(report)
      },
      onDamage: log.warn,
      onFailure: log.failure,
    })
  const openApp = async (): Promise<FastifyInstance> => {
    if (!settings.readOnly) await assertKeepsTags(storage, settings.immutableTags)
    return create()
  }
  const app = await withLocation(config, openApp, programNames).catch(async (error: unknown) => {
    accessLayer[Symbol.dispose]()
    await caches[Symbol.asyncDispose]()
    await storage[Symbol.asyncDispose]()
    throw error
  })
  const http2 = settings.http2 ? acceptHttp2(app.server, { isSecure: settings.tls !== undefined }) : undefined
  app.addHook('preClose', async () => {
    http2?.close()
    connections?.close()
  })
  const problem = isFirst ? findStorageProblem(storage) : undefined
  const { uploadPurging } = settings
  const purging = isFirst && uploadPurging.enabled ? startPurgeScheduler(storage, uploadPurging, log) : undefined
  const close = async (): Promise<void> => {
    const drainTimer = setTimeout(() => {
      app.server.closeAllConnections()
      http2?.destroy()
      connections?.destroy()
    }, settings.drainTimeoutMs)
    await app.close()
    await connections?.ended()
    clearTimeout(drainTimer)
    accessLayer[Symbol.dispose]()
    await purging?.[Symbol.asyncDispose]()
    await caches[Symbol.asyncDispose]()
    await storage[Symbol.asyncDispose]()
  }
  let closing: Promise<void> | undefined
  const closeOnce = (): Promise<void> => (closing ??= close())
  const open = async (): Promise<string> => {
    if (!connections) return listen(app, chosenAddress(settings.address, address))
    await app.ready()
    connections.serve(app.server)
    return ''
  }
  try {
    const authority = await open()
    return {
      authority,
      warnings: [...config.warnings, ...[await problem].filter(text => text !== undefined)],
      get requests() {
        return requests
      },
      health: () => health.check(),
      metrics: async () => (metrics ? [await metrics.snapshot()] : []),
      [Symbol.asyncDispose]: closeOnce,
    }
  } catch (error) {
    await closeOnce()
    throw error
  }
}
