import { AggregatorRegistry, Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { RequestArrival, RequestReport } from './request-report.ts'
import { collectStorageMetrics } from './storage-metrics.ts'

/** Buckets in seconds: from a manifest in the cache to a layer of some gigabytes. */
const buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Methods of requests that bring an upload's bytes or finish it. */
const uploading = new Set(['POST', 'PATCH', 'PUT'])

/** Metrics of one process of a registry since its start, for Prometheus. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests
  readonly #durations
  readonly #inFlight
  readonly #uploads
  readonly #received
  readonly #sent
  readonly #pulls

  /** @param worker name of the process in every metric, where there are several */
  constructor(worker?: string) {
    if (worker !== undefined) this.#registry.setDefaultLabels({ worker })
    const registers = [this.#registry]
    this.#requests = new Counter({
      name: 'registry_http_requests_total',
      help: 'Requests that were answered, or whose client went away (status "none").',
      labelNames: ['route', 'method', 'status'],
      registers,
    })
    this.#durations = new Histogram({
      name: 'registry_http_request_duration_seconds',
      help: 'Time from a request to the end of its answer.',
      labelNames: ['route', 'method'],
      buckets,
      registers,
    })
    this.#inFlight = new Gauge({
      name: 'registry_http_requests_in_flight',
      help: 'Requests under way.',
      registers,
    })
    this.#uploads = new Gauge({
      name: 'registry_uploads_in_flight',
      help: 'Requests under way that bring bytes of a blob, or finish its upload.',
      registers,
    })
    this.#received = new Counter({
      name: 'registry_http_received_bytes_total',
      help: 'Bytes of the bodies of requests, counted when a request ends.',
      registers,
    })
    this.#sent = new Counter({
      name: 'registry_http_sent_bytes_total',
      help: 'Bytes of answers with their headers, counted when an answer ends.',
      registers,
    })
    this.#pulls = new Counter({
      name: 'registry_pulls_total',
      help: 'Blobs that were asked for, by who serves them: "inline" is the registry itself.',
      labelNames: ['via'],
      registers,
    })
    collectStorageMetrics(this.#registry, buckets)
    collectDefaultMetrics({ register: this.#registry })
  }

  arrived(arrival: RequestArrival): void {
    this.#inFlight.inc()
    if (isUpload(arrival)) this.#uploads.inc()
  }

  ended(report: RequestReport): void {
    const { method, route = 'none', status = 'none', servedBy, received, sent, durationMs } = report
    this.#inFlight.dec()
    if (isUpload(report)) this.#uploads.dec()
    this.#requests.inc({ route, method, status })
    this.#durations.observe({ route, method }, durationMs / 1000)
    this.#received.inc(received)
    this.#sent.inc(sent)
    if (servedBy !== undefined && status !== 'none' && status < 400) this.#pulls.inc({ via: servedBy })
  }

  /** Takes a snapshot for {@link metricsText}, here or in another process. */
  snapshot(): Promise<MetricsSnapshot> {
    return this.#registry.getMetricsAsJSON()
  }
}

/** Metrics of a process, as they travel between processes. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/**
 * Metrics in Prometheus' text format. Those of several processes stand side by side, each under its own name: were they
 * added up, the counters would fall when a process is replaced by a new one.
 */
export function metricsText(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  // No two values have the same labels, so each is the sum of itself alone.
  const summable = snapshots.map(metrics => metrics.map(metric => ({ ...metric, aggregator: 'sum' })))
  return AggregatorRegistry.aggregate(summable).metrics()
}

function isUpload({ route, method }: RequestArrival): boolean {
  return uploading.has(method) && (route?.includes('/blobs/uploads') ?? false)
}
