import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { Credentials } from './ceph.ts'
import { freePorts } from './free-ports.ts'
import { until } from './until.ts'

/** An S3 server that is one program: how it is started, and how to have it. */
export interface S3Program {
  readonly command: string
  /** Says how to install it; it is in no package of Debian. */
  readonly source: string
  /** Arguments to serve `directory` on 127.0.0.1. */
  args(directory: string, port: number): string[]
  environment(owner: Credentials): Record<string, string>
}

/** Debug output off, no request log: a gateway whose objects are files. As strict as AWS in what it refuses. */
export const versitygw: S3Program = {
  command: 'versitygw',
  source: 'go install github.com/versity/versitygw/cmd/versitygw@latest',
  args: (directory, port) => ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', directory],
  environment: owner => ({ ROOT_ACCESS_KEY: owner.accessKeyId, ROOT_SECRET_KEY: owner.secretAccessKey }),
}

export const minio: S3Program = {
  command: 'minio',
  source: 'go install github.com/minio/minio@latest',
  args: (directory, port) => ['server', '--quiet', '--address', `127.0.0.1:${port}`, directory],
  environment: owner => ({
    MINIO_ROOT_USER: owner.accessKeyId,
    MINIO_ROOT_PASSWORD: owner.secretAccessKey,
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
  }),
}

/** One that runs, with an owner of its own and no bucket. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string
  readonly owner: Credentials
  createBucket(name: string): Promise<void>
}

/** Starts the program on a directory of its own, which goes with it. Ready when it answers. */
export async function startS3Server(program: S3Program): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), `longshore-${program.command}-`))
  await mkdir(join(directory, 'data'))
  const [port] = await freePorts(1)
  const owner = { accessKeyId: randomBytes(10).toString('hex'), secretAccessKey: randomBytes(20).toString('hex') }
  const server = spawn(program.command, program.args(join(directory, 'data'), port as number), {
    cwd: directory,
    env: { ...process.env, HOME: directory, ...program.environment(owner) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: string[] = []
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output.push(chunk.toString())
      if (output.length > 100) output.shift()
    })
  }
  const endpoint = `http://127.0.0.1:${port}`
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: owner })
  const stop = async (): Promise<void> => {
    client.destroy()
    await end(server)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await until(`${program.command} answers`, async () => (await fetch(endpoint)).status > 0, {
      giveUp: () => (server.exitCode === null ? undefined : output.join('')),
    })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    endpoint,
    owner,
    createBucket: async name => void (await client.send(new CreateBucketCommand({ Bucket: name }))),
    [Symbol.asyncDispose]: stop,
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = new Promise(resolve => server.once('exit', resolve))
  // What it stored goes anyway.
  server.kill('SIGKILL')
  await ended
}
