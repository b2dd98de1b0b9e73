#!/usr/bin/env node
import { ConfigError, loadConfig } from '@longshore/middleware-core'
import { Command, InvalidArgumentError } from 'commander'
import { banner } from './banner.ts'
import { logTo, registryLine } from './log-lines.ts'
import { ListenError, runRegistry } from './run-registry.ts'
import { stopSignal } from './stop-signal.ts'

// The AWS SDK's word on coming versions of Node is for those who choose its version, not for those who run this.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

interface Options {
  config?: string
  host?: string
  port?: number
  verbose?: boolean
}

async function run({ config: file, verbose = false, ...address }: Options): Promise<void> {
  const stop = stopSignal()
  const log = logTo(process.stdout)
  await using demo = file === undefined ? await demoAt(address, verbose) : undefined
  const configFile = file ?? demo?.configFile ?? ''
  // The demo is the same whatever the environment; a configuration of the user's own is overridden by it.
  const config = await loadConfig(configFile, demo ? { env: {} } : {})
  let requests = 0
  await using registry = await runRegistry(config, {
    address,
    onRequest: report => {
      requests += 1
      log(registryLine(report))
    },
  })
  for (const warning of config.warnings) console.error(`Warning: ${warning}`)
  console.log(banner(registry.authority, configFile, demo))
  await stop
  const atTheEdge = demo ? `; at the edge ${demo.edge.hits} hits and ${demo.edge.misses} misses` : ''
  console.log(`\nStopped after ${requests} requests${atTheEdge}.`)
}

/** The local cloud is loaded only where it is used. */
async function demoAt({ host = '127.0.0.1', port = 5000 }: Options, verbose: boolean) {
  const { startDemo } = await import('./demo.ts')
  return startDemo({ host, port }, logTo(process.stdout), verbose)
}

function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('accepted: a number from 0 (any free port) to 65535')
}

const program = new Command('registry')
  .description(
    'An OCI registry on the Longshore storage stack. Without --config, a bucket and an edge on this machine.',
  )
  .option('--config <file>', "a Distribution config.yml, for a bucket and a distribution of one's own")
  .option('--port <number>', 'the port to listen on (default: 5000, or that of the configuration)', portNumber)
  .option('--host <host>', 'the address to listen on (default: 127.0.0.1, or that of the configuration)')
  .option('--verbose', 'without --config: log every request to S3, too')
  .action(run)

try {
  await program.parseAsync()
} catch (error) {
  // What the user can mend is told in words; anything else is a defect, and its stack is of use.
  console.error(error instanceof ConfigError || error instanceof ListenError ? error.message : error)
  process.exitCode = 1
}
