import type { IncomingMessage } from 'node:http'

/**
 * Headers that pass from the origin to the viewer. The ids of a request to S3 do not: no capture of an answer from S3 through CloudFront shows
 * them, though their removal is not documented.
 */
const PASSED =
  /^(content-(type|encoding|language|disposition)|cache-control|expires|etag|last-modified|location|server|x-amz-(?!(request-id|id-2)$).+)$/

export function passed(headers: IncomingMessage['headers'] | Record<string, string>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && PASSED.test(name)) kept[name] = value
  }
  return kept
}
