/** npm passes on the signal that the terminal has sent to the whole group already: within this time it is the same one. */
const SAME_SIGNAL_MS = 300

/** Resolves when the process is asked to end, with Ctrl-C or SIGTERM. Being asked once more ends it at once. */
export function shutdownSignal(): Promise<void> {
  return new Promise(resolve => {
    let asked: number | undefined
    const ask = (): void => {
      if (asked !== undefined && performance.now() - asked > SAME_SIGNAL_MS) process.exit(130)
      asked ??= performance.now()
      resolve()
    }
    process.on('SIGINT', ask)
    process.on('SIGTERM', ask)
  })
}
