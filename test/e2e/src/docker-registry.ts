import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from './free-ports.ts'
import { type Place, storageSections } from './registry-configuration.ts'
import { until } from './until.ts'

/** CNCF Distribution's own registry, as Debian packages it. */
export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly authority: string
  readonly pid: number
  /** Runs its garbage collection, which wants nobody to push meanwhile. Returns what it prints. */
  collectGarbage(...flags: string[]): Promise<string>
}

/** Starts docker-registry on a place. `directory` keeps its configuration. */
export async function startDockerRegistry(directory: string, place: Place): Promise<DockerRegistry> {
  const [port] = await freePorts(1)
  const authority = `127.0.0.1:${port}`
  const configFile = join(directory, `docker-registry-${randomUUID()}.yml`)
  const own = `log: { level: warn }\nhttp: { addr: ${authority} }\n`
  await writeFile(configFile, storageSections(place) + own, { mode: 0o600 })
  const env = { ...process.env }
  // Its AWS client panics on a bundle that it cannot add to its transport.
  delete env['AWS_CA_BUNDLE']
  const child = spawn('docker-registry', ['serve', configFile], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  try {
    await until('docker-registry answers', async () => (await fetch(`http://${authority}/v2/`)).ok, {
      giveUp: () => (child.exitCode === null ? undefined : errors),
    })
  } catch (error) {
    await end(child)
    throw error
  }
  return {
    authority,
    pid: child.pid as number,
    async collectGarbage(...flags) {
      const command = ['garbage-collect', ...flags, configFile]
      return (await promisify(execFile)('docker-registry', command, { env, maxBuffer: 1 << 26 })).stdout
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill()
  await ended
}
