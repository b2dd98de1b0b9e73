import { Interruption } from './context/cli-context.ts'
import { run } from './run.ts'

// The AWS SDK's word on coming versions of Node is for those who choose its version, not for those who run this.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

/** Exit codes of a shell for what ends a program: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
const BROKEN_PIPE = 141

const interruption = new AbortController()
for (const [signal, exitCode] of Object.entries(exitCodes)) {
  // A second one does not wait for what the first one leaves in order.
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(exitCode)
    interruption.abort(new Interruption('interrupted', exitCode))
  })
}
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') interruption.abort(new Interruption('', BROKEN_PIPE))
    else process.exitCode = 1
  })
}

const exitCode = await run(process.argv.slice(2), {
  out: text => process.stdout.write(text),
  error: text => process.stderr.write(text),
  stdin: process.stdin,
  stdout: process.stdout,
  columns: process.stderr.isTTY ? process.stderr.columns : undefined,
  hasColors: process.stdout.isTTY && process.stdout.hasColors(),
  signal: interruption.signal,
  env: process.env,
})
process.exitCode = process.exitCode || exitCode
