import type { LogSettings } from '../config/log.ts'
import { createJsonLog } from './json-log.ts'
import type { RegistryLog } from './registry-log.ts'
import type { RequestReport } from './request-report.ts'
import { createTextLog } from './text-log.ts'

/** Creates a log on stdout; in text, warnings and errors go to stderr. */
export function createLog(settings: LogSettings): RegistryLog {
  const { formatter } = settings
  const log = formatter === 'text' ? createTextLog(settings) : createJsonLog({ ...settings, formatter })
  return { ...log, request: report => isLogged(report, settings) && log.request(report) }
}

/** Leaves out successful health checks, which load balancers make every few seconds. */
function isLogged({ route, status }: RequestReport, { accessLog }: LogSettings): boolean {
  return accessLog && !(route === '/healthz' && status === 200)
}
