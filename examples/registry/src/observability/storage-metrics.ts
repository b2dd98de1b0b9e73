import { subscribe } from 'node:diagnostics_channel'
import type { SignedUrlTrace } from '@longshore/middleware-cloudfront'
import { type OperationTrace, isStorageError, operationChannel } from '@longshore/middleware-core'
import type { S3RequestTrace, UploadMemoryTrace } from '@longshore/s3-driver'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/**
 * Counts what the storage stack of this process announces. Drivers and middlewares are not loaded for it: their channels
 * are found by name.
 */
export function collectStorageMetrics(register: Registry, buckets: number[]): void {
  const registers = [register]
  const operations = new Histogram({
    name: 'registry_storage_operation_duration_seconds',
    help: 'Calls of the storage driver; code is "OK" or that of the error.',
    labelNames: ['driver', 'operation', 'code'],
    buckets,
    registers,
  })
  observeOperations((trace, seconds) => {
    const { driver, operation, error } = trace
    const code = error === undefined ? 'OK' : isStorageError(error) ? error.code : 'UNKNOWN'
    operations.observe({ driver, operation, code }, seconds)
  })

  const requests = new Counter({
    name: 'registry_s3_requests_total',
    help: 'Requests to S3, retries included.',
    labelNames: ['operation'],
    registers,
  })
  const errors = new Counter({
    name: 'registry_s3_errors_total',
    help: 'Requests to S3 that failed, by HTTP status; "none" had no answer. A HeadObject with 404 found nothing.',
    labelNames: ['operation', 'status'],
    registers,
  })
  on('longshore:s3-request', ({ operation, status }) => {
    requests.inc({ operation })
    if (status === undefined || status >= 400) errors.inc({ operation, status: status ?? 'none' })
  })

  const signedUrls = new Counter({
    name: 'registry_signed_url_cache_total',
    help: 'CloudFront-signed URLs that were asked for: "hit" needed no signature, "miss" did.',
    labelNames: ['result'],
    registers,
  })
  for (const result of ['hit', 'miss']) signedUrls.inc({ result }, 0)
  on('longshore:signed-url', ({ isCached }) => signedUrls.inc({ result: isCached ? 'hit' : 'miss' }))

  const memory = new Gauge({
    name: 'registry_upload_memory_bytes',
    help: 'Memory that holds parts of uploads to S3.',
    registers,
  })
  on('longshore:upload-memory', ({ used }) => memory.set(used))
}

interface Traces {
  'longshore:s3-request': S3RequestTrace
  'longshore:signed-url': SignedUrlTrace
  'longshore:upload-memory': UploadMemoryTrace
}

function on<Name extends keyof Traces>(channel: Name, listener: (trace: Traces[Name]) => void): void {
  subscribe(channel, trace => listener(trace as Traces[Name]))
}

/** Times each call from its beginning to its end. */
function observeOperations(listener: (trace: OperationTrace, seconds: number) => void): void {
  const started = new WeakMap<OperationTrace, number>()
  operationChannel.subscribe({
    start: trace => void started.set(trace, performance.now()),
    end: () => {},
    asyncStart: trace => listener(trace, (performance.now() - (started.get(trace) ?? 0)) / 1000),
    asyncEnd: () => {},
    error: () => {},
  })
}
