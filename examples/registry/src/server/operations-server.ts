import { fastify } from 'fastify'
import type { DebugSettings } from '../config/http.ts'
import { listen } from './listen.ts'
import { healthRoutes } from '../observability/health-routes.ts'
import type { HealthReport } from '../observability/health.ts'
import { type MetricsSnapshot, metricsText } from '../observability/metrics.ts'

/** Operators' view of a running registry, of one process or of several. */
export interface Operations {
  health(): Promise<HealthReport>
  /** Gives the metrics of each process; none when they are not enabled. */
  metrics(): Promise<readonly MetricsSnapshot[]>
}

/** Server for operators. */
export interface OperationsServer extends AsyncDisposable {
  /** URL of the health. */
  readonly health: string
  /** URL of the metrics, if they are enabled. */
  readonly metrics: string | undefined
}

/**
 * Serves what `http.debug` describes, on an address of its own: metrics are not for everybody who may pull. The health is at
 * `/healthz` and, as in Distribution, at `/debug/health`.
 */
export async function serveOperations(
  { address, prometheus }: DebugSettings,
  operations: Operations,
): Promise<OperationsServer> {
  const app = fastify({ forceCloseConnections: true })
  await app.register(healthRoutes, { urls: ['/healthz', '/debug/health'], check: () => operations.health() })
  if (prometheus.enabled) {
    app.get(prometheus.path, async (_request, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText(await operations.metrics())),
    )
  }
  const authority = await listen(app, address, { host: 'http.debug.addr', port: 'http.debug.addr' })
  return {
    health: `http://${authority}/healthz`,
    metrics: prometheus.enabled ? `http://${authority}${prometheus.path}` : undefined,
    [Symbol.asyncDispose]: () => app.close(),
  }
}
