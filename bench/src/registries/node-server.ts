import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePorts } from '@longshore/e2e/free-ports'
import { until } from '@longshore/e2e/until'

/** A server that listens, in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly authority: string
  readonly pid: number
}

/**
 * Starts a Node program that serves HTTP on the port it is told, and waits until it answers. What it logs is thrown away,
 * by the system and not by this process, which has to measure.
 */
export async function startNodeServer(
  program: string,
  argumentsFor: (port: number) => Promise<readonly string[]>,
): Promise<ServerProcess> {
  const [port] = (await freePorts(1)) as [number]
  const authority = `127.0.0.1:${port}`
  const args = [program, ...(await argumentsFor(port))]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-10_000)))
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill()
    await ended
  }
  const answers = async (): Promise<boolean> => {
    const { status } = await fetch(`http://${authority}/v2/`, { redirect: 'manual' })
    return status < 400
  }
  try {
    await until(`${program} answers`, answers, { giveUp: () => (child.exitCode === null ? undefined : errors) })
  } catch (error) {
    await end()
    throw error
  }
  return { authority, pid: child.pid as number, [Symbol.asyncDispose]: end }
}
