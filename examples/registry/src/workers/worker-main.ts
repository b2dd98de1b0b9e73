import { loadRegistryConfig } from '../config/load.ts'
import { registrySettings } from '../config/registry-settings.ts'
import { createLog } from '../observability/create-log.ts'
import { ignoreEpipe } from '../server/ignore-epipe.ts'
import { type RunningRegistry, startRegistry } from '../start-registry.ts'
import { startupErrorText } from '../server/startup-error.ts'
import { shutdownSignal } from '../server/shutdown-signal.ts'
import type { Assignment, ToParent, ToWorker } from './messages.ts'
import { WorkerPeers } from './worker-peers.ts'

// The program of a worker: one process of a registry that has several. Its parent tells it what to run, and when to stop.

let registry: RunningRegistry | undefined
const peers = new WorkerPeers(tell)

const stop = Promise.race([
  // Ctrl-C reaches all processes of a terminal by itself.
  shutdownSignal(),
  new Promise<void>(resolve => onMessage(message => message.kind === 'stop' && resolve())),
])
ignoreEpipe()
onMessage(async message => {
  peers.receive(message)
  if (message.kind === 'run') await run(message.assignment)
  if (message.kind === 'question' && registry) {
    await tell({ kind: 'answer', id: message.id, answer: await registry[message.about]() })
  }
})

void tell({ kind: 'here' })

async function run({ configFile, usesEnvironment, address, name, secret }: Assignment): Promise<void> {
  try {
    const config = await loadRegistryConfig(configFile, usesEnvironment ? {} : { env: {} })
    const settings = registrySettings(config)
    const log = createLog(settings.log)
    peers.warnWith(log.warn)
    registry = await startRegistry(config, settings, { address, log, secret, worker: name, peers })
    await tell({ kind: 'listening', authority: registry.authority, warnings: registry.warnings })
    await stop
    await registry[Symbol.asyncDispose]()
    await tell({ kind: 'stopped', requests: registry.requests })
  } catch (error) {
    await tell({ kind: 'failed', message: startupErrorText(error) })
    process.exitCode = 1
  }
  process.disconnect()
}

function onMessage(listener: (message: ToWorker) => unknown): void {
  process.on('message', message => void listener(message as ToWorker))
}

function tell(message: ToParent): Promise<void> {
  return new Promise(resolve => process.send?.(message, undefined, undefined, () => resolve()))
}
