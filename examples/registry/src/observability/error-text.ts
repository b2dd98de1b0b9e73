import { inspect } from 'node:util'
import type { FailedRequest } from './request-report.ts'
import { withoutSecrets } from './without-secrets.ts'

/** Message of an error, or of whatever else was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Causes of an error that are shown. */
const MAX_CAUSES = 5

/** Stack of an error and of its causes, without secrets. Other properties are not shown. */
export function errorText(error: unknown): string {
  const texts: string[] = []
  for (let each = error; each !== undefined && texts.length <= MAX_CAUSES; each = causeOf(each)) {
    texts.push(each instanceof Error && each.stack !== undefined ? each.stack : inspect(each, { depth: 0 }))
  }
  return withoutSecrets(texts.join('\ncaused by: '))
}

/** Line about a request's failure, for people. */
export function failureText(error: unknown, { id, method, url }: FailedRequest): string {
  return `${method} ${url} [${id}]: ${errorText(error)}`
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}
