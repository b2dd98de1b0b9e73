import type { S3Client } from '@aws-sdk/client-s3'
import type { CheckedS3Options } from '../options.ts'

/** Headers that hold credentials or what signs for them. */
const secretHeaders = /^(authorization|x-amz-security-token|x-amz-server-side-encryption-customer-key.*)$/i

/**
 * Logs the client's requests to stderr, one line each, as `loglevel` asks: every level but `off` gives the line, each
 * `debugwith...` adds its part. Bodies of files are never logged, only how large they are.
 */
export function logRequests(client: S3Client, level: CheckedS3Options['logLevel']): void {
  if (level === 'off') return
  client.middlewareStack.add(
    (next, context) => async args => {
      const started = performance.now()
      const { request } = args as { request: LoggedRequest }
      // The retry middleware, further out, has written "attempt=1; max=4".
      const retries = level === 'debugwithrequestretries' ? ` ${request.headers['amz-sdk-request']}` : ''
      const line = (outcome: string): string =>
        `s3 ${context.commandName} ${request.method} ${request.path} ${outcome}${retries} ${Math.round(performance.now() - started)} ms`
      if (level === 'debugwithsigning') console.error(`s3 headers ${JSON.stringify(masked(request.headers))}`)
      if (level === 'debugwithhttpbody') console.error(`s3 body ${bodySize(request)} bytes`)
      try {
        const result = await next(args)
        const { statusCode } = result.response as { statusCode?: number }
        console.error(line(`${statusCode}`))
        return result
      } catch (error) {
        const { name, message } = error as Error
        console.error(line(level === 'debugwithrequesterrors' ? `failed: ${name}: ${message}` : `failed: ${name}`))
        throw error
      }
    },
    // Around the deserializer, which turns an answer into an error, and inside of the retries: each try is a line.
    { step: 'deserialize', name: 'logRequests', priority: 'high' },
  )
}

interface LoggedRequest {
  method: string
  path: string
  headers: Record<string, string>
  body?: unknown
}

function masked(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, secretHeaders.test(name) ? '(not shown)' : value]),
  )
}

function bodySize({ body, headers }: LoggedRequest): number | string {
  return body instanceof Uint8Array ? body.length : (headers['content-length'] ?? 'unknown')
}
