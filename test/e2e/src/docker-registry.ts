import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import type { Stack } from './stack.ts'
import { until } from './until.ts'

/** CNCF Distribution's own registry. */
export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly authority: string
}

/** Starts Debian's docker-registry on the same bucket and the same edge as the stack, with the same key. */
export async function startDockerRegistry({ cloud, directory, privateKey }: Stack): Promise<DockerRegistry> {
  const [port] = await freePorts(1)
  const authority = `127.0.0.1:${port}`
  const keyFile = join(directory, 'docker-registry.pem')
  const configFile = join(directory, 'docker-registry.yml')
  await writeFile(keyFile, privateKey, { mode: 0o600 })
  await writeFile(
    configFile,
    `version: 0.1
log: { level: warn }
http: { addr: ${authority} }
storage:
  s3:
    region: ${cloud.region}
    regionendpoint: ${cloud.s3.endpoint}
    accesskey: ${cloud.credentials.accessKeyId}
    secretkey: ${cloud.credentials.secretAccessKey}
    bucket: ${cloud.bucket}
    secure: false
    forcepathstyle: true
middleware:
  storage:
    - name: cloudfront
      options: { baseurl: '${cloud.edge.baseUrl}', privatekey: ${keyFile}, keypairid: ${cloud.keyPairId}, duration: 20m }
`,
  )
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
  return { authority, [Symbol.asyncDispose]: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill()
  await ended
}
