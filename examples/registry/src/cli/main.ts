#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander'
import { startupErrorText } from '../server/startup-error.ts'
import { addCheckCommand } from './check.ts'
import { addGarbageCommands } from './garbage-commands.ts'
import { serve } from './serve.ts'
import { workerCount } from './worker-count.ts'

// The AWS SDK's word on coming versions of Node is for those who choose its version, not for those who run this.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('accepted: a number from 0 (any free port) to 65535')
}

function numberOfWorkers(text: string): number {
  const count = workerCount(text)
  if (count !== undefined) return count
  throw new InvalidArgumentError('accepted: a number from 1 to 999, or auto for one for each core')
}

const program = new Command('registry')
  .description(
    'An OCI registry on the Longshore storage stack. Without --config, a bucket and an edge on this machine.',
  )
  .option('--config <file>', "a Distribution config.yml, for a bucket and a distribution of one's own")
  .option('--port <number>', 'the port to listen on (default: 5000, or that of the configuration)', portNumber)
  .option('--host <host>', 'the address to listen on (default: 127.0.0.1, or that of the configuration)')
  .option('--workers <number>', 'how many processes serve requests; auto: one for each core', numberOfWorkers, 1)
  .option('--verbose', 'without --config: log every request to S3, too')
  .action(serve)
addCheckCommand(program)
addGarbageCommands(program)

try {
  await program.parseAsync()
} catch (error) {
  console.error(startupErrorText(error))
  process.exitCode = 1
}
