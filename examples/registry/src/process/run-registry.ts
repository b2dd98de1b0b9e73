import { type Config, createStorage } from '@longshore/middleware-core'
import type { Address } from '../config/address.ts'
import { registrySettings } from '../config/registry-settings.ts'
import { listen } from '../http/listen.ts'
import { Health } from '../operations/health.ts'
import { Metrics } from '../operations/metrics.ts'
import type { Operations } from '../operations/operations-server.ts'
import type { RegistryLog } from '../operations/registry-log.ts'
import { startUploadPurging } from '../purging/upload-purging.ts'
import { createRegistry } from '../registry.ts'
import { openEntrance } from './entrance.ts'
import { keepTicksQuick } from './quick-ticks.ts'
import { storageProblem } from './storage-problem.ts'

/**
 * A registry that listens, in this process or in several. Disposing of it lets its requests end, for as long as the
 * configuration gives them, and then ends its storage. Its health can still be asked for meanwhile.
 */
export interface RunningRegistry extends Operations, AsyncDisposable {
  /** Host and port as clients write them: `127.0.0.1:5000`. */
  readonly authority: string
  /** What is odd in the configuration, and what keeps the storage from being used. */
  readonly warnings: readonly string[]
  /** How many requests there have been. */
  readonly requests: number
}

export interface RunOptions {
  /** Takes precedence over the configuration's. */
  readonly address: Partial<Address>
  readonly log: RegistryLog
  /** Used where the configuration has no secret. Default: one of its own. */
  readonly secret?: string
  /** What the process is called in metrics, where there are several. */
  readonly worker?: string
}

/** Runs what a configuration describes in this process. */
export async function runRegistry(
  config: Config,
  { address, log, secret, worker }: RunOptions,
): Promise<RunningRegistry> {
  keepTicksQuick()
  const { deletes, redirects, drainTimeout, debug, ...settings } = registrySettings(config)
  const metrics = debug?.prometheus.enabled ? new Metrics(worker) : undefined
  // Of several workers one tells of files that all read, and purges what all see.
  const isFirst = worker === undefined || worker === '1'
  const entrance = await openEntrance(config, settings, isFirst ? log.warn : () => {})
  const storage = await createStorage(config).catch((error: unknown) => {
    entrance[Symbol.dispose]()
    throw error
  })
  const problem = isFirst ? storageProblem(storage) : undefined
  const health = new Health(storage)
  const purging =
    isFirst && settings.uploadPurging.enabled ? startUploadPurging(storage, settings.uploadPurging, log) : undefined
  let requests = 0
  const app = createRegistry(storage, {
    deletes,
    redirects,
    readOnly: settings.readOnly,
    mostCatalogEntries: settings.mostCatalogEntries,
    cache: settings.cache,
    gatekeeper: entrance.gatekeeper,
    https: entrance.https,
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
    onFailure: log.failure,
  })
  const close = async (): Promise<void> => {
    const impatience = setTimeout(() => app.server.closeAllConnections(), drainTimeout)
    await app.close()
    clearTimeout(impatience)
    entrance[Symbol.dispose]()
    await purging?.[Symbol.asyncDispose]()
    await storage[Symbol.asyncDispose]()
  }
  let closing: Promise<void> | undefined
  const closeOnce = (): Promise<void> => (closing ??= close())
  try {
    const authority = await listen(app, { ...settings.address, ...address }, { host: '--host', port: '--port' })
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
