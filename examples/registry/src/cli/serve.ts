import type { Config } from '@longshore/middleware-core'
import { withEveryMistake } from '../check-configuration.ts'
import { chosenAddress } from '../config/address.ts'
import { loadRegistryConfig } from '../config/load.ts'
import { type RegistrySettings, registrySettings } from '../config/registry-settings.ts'
import { createLineLog } from '../observability/log-lines.ts'
import { serveOperations } from '../server/operations-server.ts'
import { createLog } from '../observability/create-log.ts'
import type { RegistryLog } from '../observability/registry-log.ts'
import { ignoreEpipe } from '../server/ignore-epipe.ts'
import { type RunningRegistry, startRegistry } from '../start-registry.ts'
import { shutdownSignal } from '../server/shutdown-signal.ts'
import { runWorkers } from '../workers/worker-pool.ts'
import { demoBanner, readyLine } from './banner.ts'
import type { Demo } from './demo.ts'
import { assertShareable } from './worker-count.ts'

/** Options of the command line. */
export interface ServeOptions {
  /** Configuration file. Default: a bucket and an edge on this machine. */
  readonly config?: string
  readonly host?: string
  readonly port?: number
  /** Number of processes. */
  readonly workers: number
  readonly verbose?: boolean
}

/** Runs a registry until the process is asked to end. */
export async function serve(options: ServeOptions): Promise<void> {
  const stopped = shutdownSignal()
  ignoreEpipe()
  await using demo = options.config === undefined ? await demoAt(options) : undefined
  const configFile = options.config ?? demo?.configFile ?? ''
  // The demo is the same whatever the environment; a configuration of the user's own is overridden by it.
  const config = await loadRegistryConfig(configFile, demo ? { env: {} } : {})
  const settings = await withEveryMistake(config, () => registrySettings(config))
  const { debug, tls } = settings
  const log = createLog(settings.log)
  await using registry = await withEveryMistake(config, () =>
    start(config, settings, { ...options, usesEnvironment: !demo }, log),
  )
  await using operations = debug && (await serveOperations(debug, registry))
  for (const warning of registry.warnings) log.warn(warning)
  const started = { authority: registry.authority, tls, operations }
  log.info(`listening on ${registry.authority}`, demo ? demoBanner(started, demo) : readyLine(started))
  await stopped
  // The server for operators stays until the last request has ended, and tells that it is so.
  await registry[Symbol.asyncDispose]()
  const requests = `after ${registry.requests} requests`
  log.info(`stopped ${requests}`, demo ? `\nStopped ${requests}${seen(demo)}.` : `Stopped ${requests}`)
}

/** Starts a demo. The local cloud is loaded only here. */
async function demoAt({ host = '127.0.0.1', port = 5000, verbose = false }: ServeOptions): Promise<Demo> {
  const { startDemo } = await import('./demo.ts')
  return startDemo({ host, port }, createLineLog(process.stdout), verbose)
}

async function start(
  config: Config,
  settings: RegistrySettings,
  { workers, host, port, usesEnvironment }: ServeOptions & { usesEnvironment: boolean },
  log: RegistryLog,
): Promise<RunningRegistry> {
  const address = { ...(host !== undefined && { host }), ...(port !== undefined && { port }) }
  if (workers === 1) return startRegistry(config, settings, { address, log })
  assertShareable(config)
  const task = { configFile: config.file, usesEnvironment }
  return runWorkers(workers, task, { address: chosenAddress(settings.address, address), log })
}

function seen({ edge: { hits, misses } }: Demo): string {
  return `; at the edge ${hits} hits and ${misses} misses`
}
