import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { on, once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Built before the tests run, as it is before `npm start`. */
const main = fileURLToPath(new URL('../../../examples/registry/dist/cli/main.js', import.meta.url))

/** The example registry as a process of its own. Disposing of it asks it to stop. */
export interface RegistryNode extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly authority: string
  /** Ends the process without giving it a chance to clean up. */
  kill(): Promise<void>
}

/** Starts a node with a configuration, which is kept in `directory`, and waits until it listens. */
export async function startRegistryNode(directory: string, configuration: string): Promise<RegistryNode> {
  const file = await configurationFile(directory, configuration)
  const child = spawn(process.execPath, [main, '--config', file, '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await ended
  }
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  for await (const [chunk] of on(child.stdout, 'data', { close: ['end'] })) {
    output += String(chunk)
    const [, authority] = /Ready: registry at https?:\/\/(\S+?)\/v2\//.exec(output) ?? []
    if (authority === undefined) continue
    // Nobody reads what it logs from here on, and it must not wait for that.
    child.stdout.resume()
    return { authority, kill: () => end('SIGKILL'), [Symbol.asyncDispose]: () => end('SIGTERM') }
  }
  await ended
  throw new Error(`the registry did not start: ${output}`)
}

/** Runs the registry's garbage collection. Returns what it prints. */
export async function collectGarbage(directory: string, configuration: string, ...flags: string[]): Promise<string> {
  const file = await configurationFile(directory, configuration)
  return (await promisify(execFile)(process.execPath, [main, 'garbage-collect', '--config', file, ...flags])).stdout
}

async function configurationFile(directory: string, configuration: string): Promise<string> {
  const file = join(directory, `${randomUUID()}.yml`)
  await writeFile(file, configuration, { mode: 0o600 })
  return file
}
