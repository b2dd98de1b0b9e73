import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LocalCloud } from '@longshore/local-cloud'
import { afterEach, beforeEach } from '@jest/globals'

/** Built before the tests run, as it is before `npm start`. */
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** The program as a process of its own, and what it has printed so far. */
export interface Program {
  readonly child: ChildProcess
  output: string
  errors: string
  /** The status that it ends with. */
  readonly ended: Promise<number | null>
}

/** A folder for each test of a file, in which programs run; both are gone after it. */
export interface Workplace {
  readonly directory: string
  /** Runs the program in the folder, with its temporary files there. */
  start(...options: string[]): Program
  /** Writes a configuration and gives its name. */
  configure(text: string, name?: string): Promise<string>
}

export function workplace(): Workplace {
  let directory = ''
  let programs: Program[] = []
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'registry-test-'))
  })
  afterEach(async () => {
    for (const { child } of programs) child.kill('SIGKILL')
    await Promise.all(programs.map(({ ended }) => ended))
    programs = []
    await rm(directory, { recursive: true })
  })
  return {
    get directory() {
      return directory
    },
    start(...options) {
      const program = run(directory, options)
      programs.push(program)
      return program
    },
    async configure(text, name = 'config.yml') {
      await writeFile(join(directory, name), text)
      return name
    },
  }
}

function run(directory: string, options: string[]): Program {
  const child = spawn(process.execPath, [main, ...options], {
    cwd: directory,
    env: { PATH: process.env['PATH'], TMPDIR: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const program: Program = { child, output: '', errors: '', ended }
  child.stdout.on('data', (chunk: Buffer) => (program.output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (program.errors += chunk.toString()))
  return program
}

/** Waits until the program has printed what is looked for. */
export function printed(program: Program, pattern: RegExp): Promise<RegExpExecArray> {
  return shown(program, 'output', pattern)
}

/** Waits until the program has told of what is looked for on stderr. */
export function complained(program: Program, pattern: RegExp): Promise<RegExpExecArray> {
  return shown(program, 'errors', pattern)
}

async function shown(program: Program, where: 'output' | 'errors', pattern: RegExp): Promise<RegExpExecArray> {
  const stream = where === 'output' ? program.child.stdout : program.child.stderr
  for (;;) {
    const found = pattern.exec(program[where])
    if (found) return found
    const next = once(stream!, 'data').then(() => false)
    const hasEnded = await Promise.race([next, program.ended.then(() => true)])
    if (hasEnded && !pattern.test(program[where])) {
      throw new Error(`ended without ${pattern}: ${program.output}${program.errors}`)
    }
  }
}

/** Where the registry is, once it is ready. */
export async function readyAt(program: Program): Promise<string> {
  const [, url = ''] = await printed(program, /Registry +(http:\/\/\S+)\/v2\/[^]*Ready/)
  return url
}

/** Where the server for operators is, once the program is ready. */
export async function operationsAt(program: Program): Promise<string> {
  const [, url = ''] = await printed(program, /Health +(http:\/\/\S+)\/healthz[^]*Ready/)
  return url
}

/** Asks until the answer is as wanted. */
export async function until<Answer>(
  ask: () => Promise<Answer>,
  isWanted: (answer: Answer) => boolean,
): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** A configuration's storage in a local cloud, with small parts and its URLs signed for the edge. `http` goes into `http`. */
export function cloudConfig(cloud: LocalCloud, { http = '', rest = '' } = {}): string {
  const { s3, edge, bucket, region, credentials, keyPairId, privateKey } = cloud
  return `http: { addr: 127.0.0.1:0${http && `, ${http}`} }
storage:
  s3:
    bucket: ${bucket}
    region: ${region}
    regionendpoint: ${s3.endpoint}
    forcepathstyle: true
    accesskey: ${credentials.accessKeyId}
    secretkey: ${credentials.secretAccessKey}
    chunksize: ${5 * 1024 * 1024}
middleware:
  storage:
    - name: cloudfront
      options:
        baseurl: ${edge.baseUrl}
        keypairid: ${keyPairId}
        privatekey: ${JSON.stringify(privateKey)}
${rest}`
}

/** For `cloudConfig`: a server for operators. */
export const withOperations = 'debug: { addr: 127.0.0.1:0, prometheus: { enabled: true } }'
