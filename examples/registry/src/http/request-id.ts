import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** What may stand in a header and in a log line as it is: UUIDs, ULIDs, trace ids and the like. */
const sane = /^[\w.:=+/-]{1,128}$/

/** The request's id: what a proxy in front or the client named it in `X-Request-Id`, or a new one of 16 hexadecimal digits. */
export function requestId({ 'x-request-id': given }: IncomingHttpHeaders): string {
  return typeof given === 'string' && sane.test(given) ? given : randomUUID().slice(19).replace('-', '')
}
