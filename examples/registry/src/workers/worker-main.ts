import { loadRegistryConfig } from '../config/load.ts'
import { registrySettings } from '../config/registry-settings.ts'
import { createLog } from '../operations/registry-log.ts'
import { surviveBrokenOutput } from '../process/broken-output.ts'
import { type RunningRegistry, runRegistry } from '../process/run-registry.ts'
import { startFailure } from '../process/start-failure.ts'
import { stopSignal } from '../process/stop-signal.ts'
import type { Assignment, ToParent, ToWorker } from './messages.ts'

// The program of a worker: one process of a registry that has several. Its parent tells it what to run, and when to stop.

let registry: RunningRegistry | undefined

const stop = Promise.race([
  // Ctrl-C reaches all processes of a terminal by itself.
  stopSignal(),
  new Promise<void>(resolve => onMessage(message => message.kind === 'stop' && resolve())),
])
surviveBrokenOutput()
onMessage(async message => {
  if (message.kind === 'run') await run(message.assignment)
  if (message.kind === 'question' && registry) {
    await tell({ kind: 'answer', id: message.id, answer: await registry[message.about]() })
  }
})

void tell({ kind: 'here' })

async function run({ configFile, heedsEnvironment, address, name, secret }: Assignment): Promise<void> {
  try {
    const config = await loadRegistryConfig(configFile, heedsEnvironment ? {} : { env: {} })
    const log = createLog(registrySettings(config).log)
    registry = await runRegistry(config, { address, log, secret, worker: name })
    await tell({ kind: 'listening', authority: registry.authority, warnings: registry.warnings })
    await stop
    await registry[Symbol.asyncDispose]()
    await tell({ kind: 'stopped', requests: registry.requests })
  } catch (error) {
    await tell({ kind: 'failed', message: startFailure(error) })
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
