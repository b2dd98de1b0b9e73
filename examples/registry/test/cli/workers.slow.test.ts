import { once } from 'node:events'
import { readFile, readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { content, pushBlob } from '../support/client.ts'
import { connectionEnd } from '../support/connection-end.ts'
import { withOperations } from '../support/cloud.ts'
import { pushDeletable, staleAfterDelete } from '../support/deletes.ts'
import { freshRequest, freshStatus } from '../support/fresh-request.ts'
import { type Program, complained, operationsAt, printed, readyAt, workplace } from '../support/program.ts'
import { until } from '../support/until.ts'

const here = workplace()

/** What an upload's URL says of it, behind the signature. */
function stateOf(location: string): { Server: string } {
  const state = Buffer.from(new URL(location, 'http://x').searchParams.get('_state') ?? '', 'base64url')
  return JSON.parse(state.subarray(32).toString()) as { Server: string }
}

/** The ids of a program's workers. */
async function workersOf({ child }: Program): Promise<number[]> {
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean).map(Number)
}

/** Whether a process of that id runs. */
function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0)
  } catch {
    return false
  }
}

async function metrics(operations: string): Promise<string> {
  return (await fetch(`${operations}/metrics`)).text()
}

/** How many requests to `/v2/` each worker has answered that had any. */
function requestsByWorker(text: string): number[] {
  const counts = text.matchAll(/^registry_http_requests_total\{route="\/v2\/",.*worker="\d"\} (\d+)$/gm)
  return [...counts].map(([, count]) => Number(count))
}

const onDisk = 'storage: { filesystem: { rootdirectory: ./files } }\n'

describe('--workers', () => {
  it('serves one address from several processes, which tell of themselves at one place', async () => {
    const program = here.start('--port', '0', '--workers', '2')
    const [url, operations] = [await readyAt(program), await operationsAt(program)]
    expect(program.output.match(/Ready/g)).toHaveLength(1)
    expect(await workersOf(program)).toHaveLength(2)
    for (let round = 0; round < 10; round++) expect(await freshStatus(`${url}/v2/`)).toBe(200)
    const served = await until(
      async () => requestsByWorker(await metrics(operations)),
      counts => counts.reduce((sum, count) => sum + count, 0) === 10,
    )
    expect(served).toHaveLength(2)
    expect(await (await fetch(`${operations}/healthz`)).json()).toEqual({ status: 'ok' })
    const digest = await pushBlob({ url }, content(100_000))
    expect((await fetch(`${url}/v2/library/hello/blobs/${digest}`)).status).toBe(200)
    await printed(program, /edge .*200 Miss/)

    const workers = await workersOf(program)
    program.child.kill('SIGINT')
    expect(await program.ended).toBe(0)
    expect(program.output).toMatch(/Stopped after 13 requests; at the edge 0 hits and 1 misses\.\n$/)
    expect(program.errors).toBe('')
    expect(workers.filter(isRunning)).toEqual([])
    expect(await readdir(here.folder.path)).toEqual([])
  })

  it('replaces a worker that dies, while the others serve', async () => {
    const program = await here.startWith(`http: { addr: 127.0.0.1:0 }\n${onDisk}`, '--workers', '2')
    const url = await readyAt(program)
    const [victim = 0, survivor = 0] = await workersOf(program)
    process.kill(victim, 'SIGKILL')
    await complained(program, /Worker \d ended with SIGKILL; it is replaced in 0\.1 s\n/)
    expect(await freshStatus(`${url}/v2/`)).toBe(200)
    const workers = await until(
      () => workersOf(program),
      ids => ids.length === 2 && !ids.includes(victim),
    )
    expect(workers).toContain(survivor)
    const newcomer = workers.find(id => id !== survivor) ?? 0
    // What the newcomer answers shows that it listens where the other did.
    process.kill(survivor, 'SIGSTOP')
    try {
      await until(
        () => Promise.race([freshStatus(`${url}/v2/`), new Promise<number>(resolve => setTimeout(resolve, 500, 0))]),
        answer => answer === 200,
      )
    } finally {
      process.kill(survivor, 'SIGCONT')
    }
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
    expect([survivor, newcomer].filter(isRunning)).toEqual([])
  })

  it('forgets no connection when workers die that had not taken theirs, and keeps others for those that replace them', async () => {
    const program = await here.startWith(`http: { addr: 127.0.0.1:0, ${withOperations} }\n${onDisk}`, '--workers', '2')
    const [url, operations] = [await readyAt(program), await operationsAt(program)]
    const victims = await workersOf(program)
    for (const victim of victims) process.kill(victim, 'SIGSTOP')
    const ends = Promise.all(Array.from({ length: 4 }, () => connectionEnd(url)))
    // By the time that the process answers for itself, it has also given out the connections.
    await fetch(operations)
    for (const victim of victims) process.kill(victim, 'SIGKILL')
    const counts = { answered: 0, closed: 0, refused: 0, forgotten: 0 }
    for (const end of await ends) counts[end] += 1
    expect(counts).toMatchObject({ refused: 0, forgotten: 0 })
    expect(counts.answered).toBeGreaterThanOrEqual(2)
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
  })

  it('believes with one worker what another has signed, though the configuration has no secret', async () => {
    const program = await here.startWith(`http: { addr: 127.0.0.1:0 }\n${onDisk}`, '--workers', '2')
    const url = await readyAt(program)
    const start = await freshRequest(`${url}/v2/library/hello/blobs/uploads/`, { method: 'POST' })
    let location = start.headers.location ?? ''
    for (let round = 0; round < 4; round++) {
      const answer = await freshRequest(new URL(location, url).href)
      location = answer.headers.location ?? ''
      // Only a state that was believed is answered with another one that says so.
      expect(stateOf(location)).toMatchObject({ Server: 'longshore' })
    }
  })

  const withDeletes = `http: { addr: 127.0.0.1:0 }
storage: { filesystem: { rootdirectory: ./files }, delete: { enabled: true } }
`

  it('serves from none what another has deleted', async () => {
    const url = await readyAt(await here.startWith(withDeletes, '--workers', '3'))
    expect(await staleAfterDelete([url], await pushDeletable({ url }, 30), 6)).toEqual([])
  })

  it('tells of a worker that does not say that it has forgotten what was deleted', async () => {
    const program = await here.startWith(withDeletes, '--workers', '2')
    const url = await readyAt(program)
    const [path] = await pushDeletable({ url }, 1)
    const [, stuck = 0] = await workersOf(program)
    process.kill(stuck, 'SIGSTOP')
    try {
      // The connection of whoever is stuck is not answered, so others are tried.
      const deletes = Array.from({ length: 4 }, () => freshStatus(`${url}${path}`, 'DELETE'))
      expect([202, 404]).toContain(await Promise.any(deletes))
      await complained(program, /worker \d did not answer in time that library\/hello@sha256:\w+ is gone/i)
    } finally {
      process.kill(stuck, 'SIGCONT')
    }
  })

  it('says once that the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const program = here.start('--port', String(port), '--workers', '4')
    expect(await program.ended).toBe(1)
    expect(program.errors).toBe(
      `Cannot listen on 127.0.0.1:${port}: the port is in use; choose another one with --port\n`,
    )
    expect(await readdir(here.folder.path)).toEqual([])
    server.close()
  })

  it('ends the workers when their parent is gone', async () => {
    const program = await here.startWith(`http: { addr: 127.0.0.1:0 }\n${onDisk}`, '--workers', '2')
    await readyAt(program)
    const workers = await workersOf(program)
    program.child.kill('SIGKILL')
    await program.ended
    await until(
      async () => workers.filter(isRunning),
      running => running.length === 0,
    )
  })

  it('tells once what is odd in the configuration', async () => {
    const program = await here.startWith(
      `http: { addr: 127.0.0.1:0 }\n${onDisk}log: { hooks: [{ type: mail }] }\n`,
      '--workers',
      '2',
    )
    await readyAt(program)
    expect(program.errors.match(/Warning: config\.yml:\d+: log\.hooks/g)).toHaveLength(1)
  })

  it('refuses a storage that each process would have for itself', async () => {
    const program = await here.startWith('http: { addr: 127.0.0.1:0 }\nstorage: inmemory\n', '--workers', '2')
    expect(await program.ended).toBe(1)
    expect(program.errors).toBe(
      'config.yml: storage.inmemory: cannot be shared by several workers; accepted with --workers: a storage outside of the process\n',
    )
  })

  it.each(['-1', 'many', '1.5', '1000'])('refuses a number that is none: %s', async count => {
    const program = here.start('--workers', count)
    expect(await program.ended).toBe(1)
    expect(program.errors).toContain('accepted: a number from 1 to 999, or auto for one for each core')
  })
})
