import type { LogSettings } from '../config/log.ts'
import { jsonLog } from './json-log.ts'
import type { FailedRequest, RequestReport } from './request-report.ts'
import { textLog } from './text-log.ts'

/** Where a registry tells what it does. No secret is in any line, whatever it is given. */
export interface RegistryLog {
  /** A request and its answer. */
  request(report: RequestReport): void
  /** What lies behind an answer with a status from 500 on. */
  failure(error: unknown, request: FailedRequest): void
  /** Something that is as it should be. `forPeople` is what a reader of text gets instead of `message`. */
  info(message: string, forPeople?: string): void
  warn(message: string): void
  /** Something that went wrong outside of any request. */
  error(message: string): void
}

/** A log on stdout; in text, warnings and errors go to stderr. */
export function createLog(settings: LogSettings): RegistryLog {
  const { formatter } = settings
  const log = formatter === 'text' ? textLog(settings) : jsonLog({ ...settings, formatter })
  return { ...log, request: report => isLogged(report, settings) && log.request(report) }
}

/** Load balancers ask after the health every few seconds. */
function isLogged({ route, status }: RequestReport, { accessLog }: LogSettings): boolean {
  return accessLog && !(route === '/healthz' && status === 200)
}
