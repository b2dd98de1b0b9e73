const emitted = new Set<string>()

/**
 * Tells the operator of something that is wrong but stops nothing, once in a process. It is a warning of the process: Node writes
 * it to stderr, and `process.on('warning', warning => ...)` gets it with the code. It never holds anything of a secret.
 */
export function warnOnce(code: string, message: string): void {
  if (emitted.has(code)) return
  emitted.add(code)
  process.emitWarning(`s3: ${message}`, { type: 'LongshoreWarning', code })
}
