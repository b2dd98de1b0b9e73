import type { LogSettings } from '../config/log.ts'
import { jsonLog } from './json-log.ts'
import type { FailedRequest, RequestReport } from './request-report.ts'
import { textLog } from './text-log.ts'

/** Log of a registry. No secret is in any line, whatever it is given. */
export interface RegistryLog {
  /** Logs a request and its answer. */
  request(report: RequestReport): void
  /** Logs the error behind an answer with a status from 500 on. */
  failure(error: unknown, request: FailedRequest): void
  /** Logs what is as it should be. `forPeople` replaces `message` in a log of text. */
  info(message: string, forPeople?: string): void
  warn(message: string): void
  /** Logs an error outside of any request. */
  error(message: string): void
}

/** Creates a log on stdout; in text, warnings and errors go to stderr. */
export function createLog(settings: LogSettings): RegistryLog {
  const { formatter } = settings
  const log = formatter === 'text' ? textLog(settings) : jsonLog({ ...settings, formatter })
  return { ...log, request: report => isLogged(report, settings) && log.request(report) }
}

/** Leaves out successful health checks, which load balancers make every few seconds. */
function isLogged({ route, status }: RequestReport, { accessLog }: LogSettings): boolean {
  return accessLog && !(route === '/healthz' && status === 200)
}
