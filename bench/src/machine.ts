import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { cpus, release, totalmem } from 'node:os'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where and with what was measured. */
export interface Machine {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  /** GiB. */
  readonly memory: number
  readonly system: string
  readonly node: string
  /** Versions of the programs and packages that were measured against, by name; only of those that are there. */
  readonly peers: Readonly<Record<string, string>>
}

export async function describeMachine(): Promise<Machine> {
  const [first] = cpus()
  return {
    date: new Date().toISOString(),
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    memory: Math.round(totalmem() / 2 ** 30),
    system: `${await distribution()}, Linux ${release()}`,
    node: process.version,
    peers: { ...(await programVersions()), ...packageVersions() },
  }
}

/** The machine in two lines. */
export function machineLines({ date, cpu, cores, memory, system, node, peers }: Machine): string {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`)
  return `${cpu}, ${cores} cores, ${memory} GiB; ${system}; Node ${node}; ${date.slice(0, 10)}\n${versions.join(', ')}`
}

async function distribution(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? process.platform
}

const programs = [
  ['docker-registry', ['--version'], /\s(?:v|)(\d[\w.+~-]*)/],
  ['radosgw', ['--version'], /version (\S+)/],
  ['openssl', ['version'], /OpenSSL (\S+)/],
  ['wrk', ['--version'], /(\d[\w./+-]*)/],
] as const

async function programVersions(): Promise<Record<string, string>> {
  const versions: Record<string, string> = {}
  for (const [name, args, pattern] of programs) {
    const { AWS_CA_BUNDLE: _, ...env } = process.env
    // wrk says its version and ends with an error.
    const output = await run(name, args, { env }).catch((error: { stdout?: string; stderr?: string }) => error)
    const version = pattern.exec(`${output.stdout ?? ''}${output.stderr ?? ''}`)?.[1]
    if (version !== undefined) versions[name] = version
  }
  return versions
}

function packageVersions(): Record<string, string> {
  const require = createRequire(import.meta.url)
  const packages = ['@aws-sdk/client-s3', '@aws-sdk/cloudfront-signer', '@aws-sdk/lib-storage', 'fastify']
  return Object.fromEntries(
    packages.map(name => [name, (require(`${name}/package.json`) as { version: string }).version]),
  )
}
