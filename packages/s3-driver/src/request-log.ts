import type { S3Client } from '@aws-sdk/client-s3'
import type { CheckedS3Options } from './options.ts'

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
      const line = (outcome: string): string =>
        `s3 ${context.commandName} ${request.method} ${request.path} ${outcome} ${Math.round(performance.now() - started)} ms`
      if (level === 'debugwithsigning') console.error(`s3 headers ${JSON.stringify(masked(request.headers))}`)
      if (level === 'debugwithhttpbody') console.error(`s3 body ${bodySize(request)} bytes`)
      try {
        const result = await next(args)
        const { statusCode } = result.response as { statusCode?: number }
        const attempts = (result.output as { $metadata?: { attempts?: number } }).$metadata?.attempts
        const retries = level === 'debugwithrequestretries' && attempts !== undefined ? ` attempt ${attempts}` : ''
        console.error(line(`${statusCode}${retries}`))
        return result
      } catch (error) {
        const { name, message } = error as Error
        console.error(line(level === 'debugwithrequesterrors' ? `failed: ${name}: ${message}` : `failed: ${name}`))
        throw error
      }
    },
    { step: 'deserialize', name: 'logRequests', priority: 'low' },
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
