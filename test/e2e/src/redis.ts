import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { until } from './until.ts'

/** A Redis of its own that keeps nothing on disk. Disposing of it ends it. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  readonly pid: number
  /** Ends it as a crash would. */
  kill(): Promise<void>
}

export interface RedisServerOptions {
  /** Default: a free one. */
  readonly port?: number
  readonly password?: string
  /** PEM files: with them it speaks TLS only, and asks clients for a certificate of the same authority. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca: string }
}

/** Starts Debian's redis-server on 127.0.0.1, with its files in `directory`. */
export async function startRedis(directory: string, options: RedisServerOptions = {}): Promise<RedisServer> {
  const { password, tls } = options
  const [port] = options.port === undefined ? ((await freePorts(1)) as [number]) : [options.port]
  const lines = [
    'bind 127.0.0.1',
    `dir ${directory}`,
    'save ""',
    'appendonly no',
    ...(tls
      ? [
          'port 0',
          `tls-port ${port}`,
          `tls-cert-file ${tls.certificate}`,
          `tls-key-file ${tls.key}`,
          `tls-ca-cert-file ${tls.ca}`,
        ]
      : [`port ${port}`]),
    ...(password === undefined ? [] : [`requirepass "${password}"`]),
  ]
  return startServer(['-'], lines.join('\n'), port)
}

/** Starts a Sentinel that watches one server, which it calls `main`. Its file is kept in `directory`. */
export async function startSentinel(directory: string, master: RedisServer): Promise<RedisServer> {
  const [port] = (await freePorts(1)) as [number]
  const file = join(directory, `sentinel-${port}.conf`)
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${directory}`,
    `sentinel monitor main 127.0.0.1 ${master.port} 1`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return startServer([file, '--sentinel'], '', port)
}

async function startServer(args: readonly string[], configuration: string, port: number): Promise<RedisServer> {
  const child = spawn('redis-server', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-10_000)))
  }
  child.stdin.end(configuration)
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await ended
  }
  try {
    await until('redis-server listens', () => listens(port), {
      giveUp: () => (child.exitCode === null ? undefined : output),
    })
  } catch (error) {
    await end('SIGKILL')
    throw error
  }
  return { port, pid: child.pid as number, kill: () => end('SIGKILL'), [Symbol.asyncDispose]: () => end('SIGTERM') }
}

function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
