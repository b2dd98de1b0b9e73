import { pino } from 'pino'
import type { LogSettings } from '../config/log.ts'
import type { RequestReport } from './request-report.ts'
import { errorText } from './error-text.ts'
import { lineOutput } from './line-output.ts'
import type { RegistryLog } from './registry-log.ts'

/** Characters kept of a client's text: so a line stays one write, whole among those of other processes. */
const MAX_CHARACTERS = 500

/** Creates a log of one JSON object a line. Fields are named as in Distribution, so what reads its log reads this one. */
export function createJsonLog({
  level,
  formatter,
  fields,
}: Pick<LogSettings, 'level' | 'fields'> & { formatter: 'json' | 'logstash' }): RegistryLog {
  const isLogstash = formatter === 'logstash'
  const log = pino(
    {
      level,
      base: isLogstash ? { '@version': '1', ...fields } : fields,
      messageKey: isLogstash ? 'message' : 'msg',
      timestamp: () => `,"${isLogstash ? '@timestamp' : 'time'}":"${new Date().toISOString()}"`,
      formatters: { level: name => ({ level: name }) },
    },
    { write: lineOutput(process.stdout) },
  )
  return {
    request: report => log.info(requestFields(report), 'response completed'),
    failure: (error, { id, method, url }) =>
      log.error(
        {
          'http.request.id': id,
          'http.request.method': method,
          'http.request.uri': limited(url),
          err: errorText(error),
        },
        'request failed',
      ),
    info: message => log.info(message),
    warn: message => log.warn(message),
    error: message => log.error(message),
  }
}

/** Fields of a request's line. Those that are undefined do not appear. */
function requestFields(report: RequestReport): Record<string, unknown> {
  return {
    'http.request.id': report.id,
    'http.request.method': report.method,
    'http.request.uri': limited(report.url),
    'http.request.remoteaddr': report.remoteAddress,
    'http.request.useragent': report.userAgent && limited(report.userAgent),
    'http.request.received': report.received,
    'http.response.status': report.status,
    'http.response.written': report.sent,
    'http.response.milliseconds': Math.round(report.durationMs * 10) / 10,
    'http.response.servedby': report.servedBy,
    'auth.user.name': report.user,
  }
}

function limited(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
}
