import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Fault, FaultRule } from '@longshore/local-cloud'
import { isStorageError } from '@longshore/middleware-core'
import { type Child, build, start } from './child.ts'
import { useFixture, write } from './cloud.ts'
import { smallPartDriver } from './small-parts.ts'

const bench = useFixture()
const rounds = 100
/** Processes at a time. */
const parallel = 4
const seed = 20_240_229
/** Small, because there are many rounds, but large enough to take part in the memory budget. */
const part = 128 * 1024

beforeAll(build)

function random(state: number): () => number {
  let x = state
  return () => (x = (Math.imul(x, 1664525) + 1013904223) >>> 0) / 2 ** 32
}

/** What the child does to the request at which it is killed: its answer is lost, if it is carried out at all. */
const ends: (Fault | undefined)[] = [undefined, { kind: 'reset', when: 'before' }, { kind: 'reset', when: 'after' }]

/** Files of a round by name; their contents are those of the child. */
const sizes: Record<string, number> = {
  large: part + 1000,
  small: 100,
  closed: part + 1000,
  'tree/1': 10,
  'tree/2/3': 10,
}

const filled = (directory: string, name: string): Buffer => Buffer.alloc(sizes[name]!, `${directory}/${name} `)

/** Runs a child that works below `directory` and dies at its `n`th request. Returns what it said it had done. */
async function runKilled(directory: string, n: number, end: Fault | undefined): Promise<Set<string>> {
  let seen = 0
  const child: { started?: Child } = {}
  const kill: FaultRule = ({ headers }) => {
    if (!headers['user-agent']?.includes(directory.slice(1)) || ++seen !== n) return undefined
    child.started?.process.kill('SIGKILL')
    return end
  }
  const remove = bench.cloud.s3.faults.add(kill)
  child.started = start(bench.cloud, 'churn', directory, [part], { maxAttempts: 1, userAgent: directory.slice(1) })
  const output = await child.started.line
  remove()
  return new Set(output.split('\n'))
}

async function expectWhole(directory: string, name: string, at = name): Promise<boolean> {
  const bytes = await bench.bucket.read(`${directory.slice(1)}/${at}`)
  if (bytes) expect([directory, at, bytes.equals(filled(directory, name))]).toEqual([directory, at, true])
  return bytes !== undefined
}

/** What the child said is so, and what it did not say is so or is not: never half. Returns the files that are there. */
async function expectConsistent(directory: string, said: Set<string>): Promise<void> {
  for (const name of ['large', 'small']) {
    const [source, destination] = [
      await expectWhole(directory, name),
      await expectWhole(directory, name, `moved/${name}`),
    ]
    if (said.has(`committed ${name}`)) expect([directory, name, source || destination]).toEqual([directory, name, true])
    if (said.has(`moved ${name}`)) expect([directory, source, destination]).toEqual([directory, false, true])
  }
  for (const name of ['closed', 'tree/1', 'tree/2/3']) {
    const isThere = await expectWhole(directory, name)
    if (said.has('deleted') && name !== 'closed') expect([directory, name, isThere]).toEqual([directory, name, false])
    else if (said.has(`committed ${name}`) && name === 'closed') expect([directory, isThere]).toEqual([directory, true])
  }
}

/** Goes on with what was closed and what was not; either way the file is whole in the end. */
async function expectContinued(directory: string, name: string, atLeast: number): Promise<void> {
  await using driver = smallPartDriver(bench.cloud, part)
  const path = `${directory}/${name}`
  try {
    const writer = await driver.writer(path, { append: true })
    expect(writer.size).toBeGreaterThanOrEqual(atLeast)
    await write(writer, filled(directory, name).subarray(writer.size))
    await writer.commit()
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND') && atLeast === 0) return
    if (!isStorageError(error, 'UPLOAD_NOT_FOUND', 'ALREADY_COMMITTED')) throw error
  }
  expect([path, await expectWhole(directory, name)]).toEqual([path, true])
}

async function round(number: number, requests: number, draw: () => number): Promise<string> {
  const directory = `/round-${number}`
  const key = directory.slice(1)
  const n = 1 + Math.floor(draw() * requests)
  const said = await runKilled(directory, n, ends[number % ends.length])
  await expectConsistent(directory, said)
  if (number % 2 === 0) {
    await expectContinued(directory, 'closed', said.has(`closed ${part + 10}`) ? part + 10 : 0)
    if (!said.has('committed large')) await expectContinued(directory, 'large', 0)
  }
  await expectConsistent(directory, said)
  await bench.driver.purgeUploads({ olderThan: new Date(Date.now() + 60_000), path: directory })
  const left = [
    ...bench.bucket.keys(`~uploads/${key}/`),
    ...bench.bucket.keys(`~temporary/${key}/`),
    ...bench.bucket.uploads().filter(upload => upload.key.startsWith(`${key}/`)),
  ]
  expect([directory, left]).toEqual([directory, []])
  await expectConsistent(directory, said)
  for (const file of bench.bucket.keys(`${key}/`)) bench.bucket.delete(file)
  return [...said].toSorted().join(', ')
}

describe(`a process that is killed at any of its requests, ${rounds} times`, () => {
  it('has lost nothing that it had committed or closed, and left nothing half done', async () => {
    const draw = random(seed)
    bench.cloud.s3.quirks.minPartBytes = 1
    bench.cloud.s3.requests.reset()
    const said = await runKilled('/whole', Infinity, undefined)
    expect(said.size).toBe(9)
    await expectConsistent('/whole', said)
    const requests = bench.cloud.s3.requests.count()
    const outcomes = new Set<string>()
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < rounds) outcomes.add(await round(next++, requests, draw))
    }
    await Promise.all(Array.from({ length: parallel }, worker))
    // It was not always the same moment. How many different ones there are depends on how busy the machine is.
    expect(outcomes.size).toBeGreaterThan(3)
  }, 1_800_000)
})
