import type { Socket } from 'node:net'
import { loadRegistryConfig } from '../config/load.ts'
import { registrySettings } from '../config/registry-settings.ts'
import { createLog } from '../observability/create-log.ts'
import { AcceptedConnections } from '../server/accepted-connections.ts'
import { ignoreEpipe } from '../server/ignore-epipe.ts'
import { type RunningRegistry, startRegistry } from '../start-registry.ts'
import { startupErrorText } from '../server/startup-error.ts'
import { shutdownSignal } from '../server/shutdown-signal.ts'
import type { Assignment, ToParent, ToWorker } from './messages.ts'
import { WorkerPeers } from './worker-peers.ts'

// The program of a worker: one process of a registry that has several. Its parent tells it what to run, gives it connections,
// and tells it when to stop: after the last connection, also when the worker itself has got the signal.

let registry: RunningRegistry | undefined
const peers = new WorkerPeers(tell)

const connections = new AcceptedConnections()

const stop = new Promise<void>(resolve => onMessage(message => message.kind === 'stop' && resolve()))
// Ctrl-C reaches all processes of a terminal by itself.
void shutdownSignal().then(() => tell({ kind: 'leaving' }))
ignoreEpipe()
onMessage(async (message, socket) => {
  peers.receive(message)
  if (message.kind === 'connection' && socket) connections.take(socket)
  if (message.kind === 'run') await run(message.assignment)
  if (message.kind === 'question' && registry) {
    await tell({ kind: 'answer', id: message.id, answer: await registry[message.about]() })
  }
})

void tell({ kind: 'here' })

async function run({ configFile, usesEnvironment, name, secret }: Assignment): Promise<void> {
  try {
    const config = await loadRegistryConfig(configFile, usesEnvironment ? {} : { env: {} })
    const settings = registrySettings(config)
    const log = createLog(settings.log)
    peers.warnWith(log.warn)
    registry = await startRegistry(config, settings, { connections, log, secret, worker: name, peers })
    await tell({ kind: 'ready', warnings: registry.warnings })
    await stop
    await registry[Symbol.asyncDispose]()
    await tell({ kind: 'stopped', requests: registry.requests })
  } catch (error) {
    await tell({ kind: 'failed', message: startupErrorText(error) })
    process.exitCode = 1
  }
  process.disconnect()
}

function onMessage(listener: (message: ToWorker, socket?: Socket) => unknown): void {
  process.on('message', (message, socket) => void listener(message as ToWorker, socket as Socket | undefined))
}

function tell(message: ToParent): Promise<void> {
  return new Promise(resolve => process.send?.(message, undefined, undefined, () => resolve()))
}
