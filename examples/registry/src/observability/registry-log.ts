import type { FailedRequest, RequestReport } from './request-report.ts'

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
