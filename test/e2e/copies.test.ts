import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import { longshoreProgram } from './src/longshore.ts'

const MiB = 1 << 20
const size = 2048 * MiB
/** Bytes of the first parts: the default of `chunksize`. */
const PART = 10 * MiB

let directory: string
let cloud: LocalCloud
const local = (name: string): string => join(directory, name)

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longshore-copies-'))
  cloud = await startLocalCloud()
  await writeConfig('s3.yml', cloud.s3.endpoint)
  await writeFile(local('files.yml'), `storage: {filesystem: {rootdirectory: ${local('storage')}}}\n`)
})
afterEach(async () => {
  await cloud.close()
  await rm(directory, { recursive: true })
})

async function writeConfig(name: string, endpoint: string): Promise<void> {
  const { bucket, region, credentials } = cloud
  const { accessKeyId: accesskey, secretAccessKey: secretkey } = credentials
  const s3 = { region, bucket, regionendpoint: endpoint, accesskey, secretkey }
  await writeFile(local(name), JSON.stringify({ storage: { s3 } }))
}

interface Run {
  readonly child: ChildProcess
  /** Resolves when the process has ended. */
  readonly ended: Promise<{ code: number | string | null; out: string; error: string }>
}

/** Runs the built command with both outputs in pipes. */
function longshore(...args: string[]): Run {
  const env = { PATH: process.env['PATH'], XDG_STATE_HOME: local('state') }
  const child = spawn(process.execPath, [longshoreProgram, ...args], {
    cwd: directory,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = { out: '', error: '' }
  child.stdout.on('data', chunk => (printed.out += String(chunk)))
  child.stderr.on('data', chunk => (printed.error += String(chunk)))
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: (signal ?? code) as string | number,
    ...printed,
  }))
  return { child, ended }
}

/** Writes a file whose every mebibyte is another, and gives its SHA-256. */
async function writeLarge(file: string): Promise<string> {
  const hash = createHash('sha256')
  const block = Buffer.alloc(MiB, 'longshore ')
  function* blocks(): Iterable<Buffer> {
    for (let index = 0; index < size / MiB; index++) {
      const own = Buffer.from(block)
      own.writeUInt32BE(index)
      hash.update(own)
      yield own
    }
  }
  await pipeline(blocks, createWriteStream(file))
  return hash.digest('hex')
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** Bytes of the only file in a directory with such a name; 0 while there is none. */
async function sizeIn(folder: string, name: RegExp): Promise<number> {
  const found = (await readdir(folder).catch(() => [])).find(entry => name.test(entry))
  return found === undefined ? 0 : ((await stat(join(folder, found)).catch(() => undefined))?.size ?? 0)
}

/** Waits as long as the test may take, unless the process ends. */
async function waitFor(condition: () => Promise<boolean>, { child }: Run): Promise<void> {
  while (!(await condition())) {
    if (child.exitCode !== null) throw new Error(`the process has ended with ${child.exitCode}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const printable = /^[\x20-\x7e\n]*$/

/** Interrupts a copy at 40 %, kills it at 80 %, and lets the third one end. */
async function copyInterrupted(args: string[], sent: () => Promise<number> | number): Promise<string> {
  const reached = async (portion: number): Promise<boolean> => (await sent()) >= portion * size
  const first = longshore('cp', ...args)
  await waitFor(() => reached(0.4), first)
  first.child.kill('SIGINT')
  const interrupted = await first.ended
  expect(interrupted).toMatchObject({ code: 130, out: '' })
  expect(interrupted.error).toMatch(/interrupted at \d+ %; the same command again continues from there\n$/)
  const second = longshore('cp', ...args)
  await waitFor(() => reached(0.8), second)
  second.child.kill('SIGKILL')
  const killed = await second.ended
  expect(killed).toMatchObject({ code: 'SIGKILL', error: expect.stringMatching(/continued at/) })
  const { code, out, error } = await longshore('cp', ...args).ended
  expect({ code, out }).toEqual({ code: 0, out: '' })
  for (const text of [interrupted.error, killed.error, error]) expect(text).toMatch(printable)
  const [, amount] = /continued at ([\d.]+) GiB\n/.exec(error) ?? []
  expect(Number(amount)).toBeGreaterThan(0.7 * 2)
  return error
}

describe('a copy of 2 GiB that is interrupted at 40 % and killed at 80 %', () => {
  it.each(['s3.yml', 'files.yml'])('goes on from there, up and down: %s', async config => {
    const sha256 = await writeLarge(local('large'))
    const uploaded = (): Promise<number> | number =>
      config === 's3.yml'
        ? cloud.s3.requests.records.filter(({ operation }) => operation === 'UploadPart').length * PART
        : sizeIn(local('storage/~uploads'), /./)
    const up = await copyInterrupted([config, 'large', 'storage:/dir/large'], uploaded)
    // It was killed: nobody can vouch for what was sent.
    expect(up).toMatch(new RegExp(`^/dir/large: 2 GiB in .*, sha256:${sha256}, read back\n$`, 'm'))
    const down = await copyInterrupted([config, 'storage:/dir/large', 'copy'], () =>
      sizeIn(directory, /^copy\..*part$/),
    )
    expect(down).toMatch(new RegExp(`^copy: 2 GiB in .*, sha256:${sha256}\n$`, 'm'))
    expect(await sha256Of(local('copy'))).toBe(sha256)
    expect((await longshore('walk', config).ended).out).toBe('/dir/\n/dir/large\n')
    expect(await readdir(local('state/longshore/uploads'))).toEqual([])
    if (config === 's3.yml') expect(cloud.s3.bucket(cloud.bucket).keys()).toEqual(['dir/large'])
  })
})

describe('the built command', () => {
  it('ends quietly when nobody reads its output any more', async () => {
    await writeFile(local('block'), Buffer.alloc(8 * MiB))
    await longshore('cp', 'files.yml', 'block', 'storage:/block').ended
    const { child, ended } = longshore('cat', 'files.yml', '/block')
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await ended).toMatchObject({ code: 141, error: '' })
  })

  it('tells within 5 seconds that the storage gives no answer', async () => {
    await using silent = createServer(socket => socket.resume())
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    await writeConfig('silent.yml', `http://127.0.0.1:${port}`)
    const { code, out, error } = await longshore('ls', 'silent.yml').ended
    expect({ code, out, error }).toEqual({
      code: 1,
      out: '',
      error: 's3: the storage has given no answer for 4 seconds\n',
    })
  })

  it('tells that the endpoint refuses, or that there are no credentials', async () => {
    await writeConfig('refused.yml', 'http://127.0.0.1:1')
    const { region, s3 } = cloud
    const nobody = { storage: { s3: { region, bucket: 'longshore', regionendpoint: s3.endpoint } } }
    await writeFile(local('nobody.yml'), JSON.stringify(nobody))
    for (const [config, message] of [
      ['refused.yml', /^s3: no answer from S3: ECONNREFUSED.*\n$/],
      ['nobody.yml', /^s3: no credentials for S3: .*\n$/],
    ] as const) {
      const { code, out, error } = await longshore('ls', config).ended
      expect({ code, out, error }).toEqual({ code: 1, out: '', error: expect.stringMatching(message) })
    }
  })
})
