/**
 * Lets the program outlive the reader of its output: a pipe whose reader ended (EPIPE), a full disk. What cannot be written
 * is lost; the registry goes on.
 */
export function ignoreEpipe(): void {
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
}
