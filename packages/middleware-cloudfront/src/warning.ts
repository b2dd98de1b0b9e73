/**
 * Emits a warning of the process about something that is wrong but stops nothing. Node writes it to stderr, and
 * `process.on('warning', warning => ...)` gets it with the code. It never holds anything of a key.
 */
export function warn(code: string, message: string): void {
  process.emitWarning(`cloudfront: ${message}`, { type: 'LongshoreWarning', code })
}
