import { inspect } from 'node:util'
import type { FailedRequest } from './request-report.ts'
import { withoutSecrets } from './without-secrets.ts'

/** What an error says, or whatever else was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** How many errors underneath an error are told. */
const MAX_CAUSES = 5

/** An error's stack and those of the errors underneath, without secrets. Other properties of it are not shown. */
export function errorText(error: unknown): string {
  const texts: string[] = []
  for (let each = error; each !== undefined && texts.length <= MAX_CAUSES; each = causeOf(each)) {
    texts.push(each instanceof Error && each.stack !== undefined ? each.stack : inspect(each, { depth: 0 }))
  }
  return withoutSecrets(texts.join('\ncaused by: '))
}

/** What lies behind a request's failure, for people. */
export function failureText(error: unknown, { id, method, url }: FailedRequest): string {
  return `${method} ${url} [${id}]: ${errorText(error)}`
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}
