/** Time within which a signal is the same one: npm passes on what the terminal has sent to the whole group already. */
const SAME_SIGNAL_MS = 300

/** Resolves when the process is asked to end, with Ctrl-C or SIGTERM. A second signal ends it at once. */
export function shutdownSignal(): Promise<void> {
  return new Promise(resolve => {
    let firstAt: number | undefined
    const onSignal = (): void => {
      if (firstAt !== undefined && performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(130)
      firstAt ??= performance.now()
      resolve()
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}
