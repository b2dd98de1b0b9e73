import { type LogSettings, logLevels } from '../config/log.ts'
import { failureText } from './error-text.ts'
import { createLineLog, registryLine } from './log-lines.ts'
import type { RegistryLog } from './registry-log.ts'

/** Lines for people. */
export function createTextLog({ level, fields }: Pick<LogSettings, 'level' | 'fields'>): RegistryLog {
  const isWanted = (of: LogSettings['level']): boolean => logLevels.indexOf(of) <= logLevels.indexOf(level)
  const suffix = Object.entries(fields).map(([name, value]) => `  ${name}=${value}`)
  const log = createLineLog(process.stdout, suffix.join(''))
  return {
    request: report => isWanted('info') && log(registryLine(report)),
    failure: (error, request) => console.error(failureText(error, request)),
    info: (message, forPeople = message) => isWanted('info') && console.log(forPeople),
    warn: message => isWanted('warn') && console.error(`Warning: ${message}`),
    error: message => console.error(message),
  }
}
