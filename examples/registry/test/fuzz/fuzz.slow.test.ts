import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from '@jest/globals'
import { content, newManifest, pushBlob, putManifest, startUpload } from '../support/client.ts'
import { filesOf, startRegistry } from '../support/registry.ts'
import { Connection } from './connection.ts'
import { type Present, malformed } from './malformed.ts'
import { Random } from './random.ts'
import type { Attempt } from './wire.ts'

const seed = 20_261_121
const requests = 50_000
/** So many clients send at the same time. */
const clients = 32
/** Bytes that may be in use after the last request and were not after the first tenth: caches that fill, compiled code. */
const mostGrowth = 24 * 1024 * 1024

/** Sends an attempt and gives what is wrong with its answer, and the connection as long as it is open. */
async function problemWith(attempt: Attempt, connection: Connection): Promise<{ problem?: string; isOpen: boolean }> {
  connection.send(attempt.bytes)
  if (attempt.end === 'at once') {
    connection.destroy()
    return { isOpen: false }
  }
  if (attempt.end === 'by half') connection.end()
  let answers = 0
  for (;;) {
    const answer = await connection.answer(attempt.method)
    if (answer === 'hangs') return { isOpen: false, problem: `hangs after ${answers} answers` }
    if (answer === 'closed') {
      // Who has gone in the middle of a request need not be answered.
      const isAnswered = answers > 0 || attempt.end === 'by half'
      return isAnswered ? { isOpen: false } : { isOpen: false, problem: 'no answer' }
    }
    answers++
    // The probe of load balancers is well-formed.
    if (answer.status === 200 && /^(?:GET|HEAD) \/ /.test(attempt.bytes.toString('latin1', 0, 10)))
      return { isOpen: true }
    if (answer.status < 400 || answer.status > 499) return { isOpen: true, problem: `${answer.status} ${answer.body}` }
    if (attempt.method !== 'HEAD' && !isSpecified(answer.body))
      return { isOpen: true, problem: `${answer.status}, but: ${answer.body}` }
    if (attempt.end === undefined) return { isOpen: answer.headers['connection'] !== 'close' }
  }
}

function isSpecified(body: string): boolean {
  try {
    const { errors } = JSON.parse(body) as { errors: { code: unknown; message: unknown }[] }
    return (
      errors.length > 0 &&
      errors.every(({ code, message }) => /^[A-Z_]+$/.test(String(code)) && typeof message === 'string')
    )
  } catch {
    return false
  }
}

function bytesInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

it('refuses 50,000 malformed requests in the form of the specification, and nothing comes of them', async () => {
  const failures: unknown[] = []
  await using registry = await startRegistry({ deletes: true, onFailure: failure => failures.push(failure) })
  const name = 'library/hello'
  const size = 1000
  const blob = await pushBlob(registry, content(size))
  await putManifest(registry, 'latest', await newManifest(registry))
  await fetch(`${registry.url}/v2/${name}/manifests/latest`, { method: 'DELETE' })
  const uploads: string[] = []
  for (let client = 0; client < clients; client++) {
    const { pathname, search } = new URL(await startUpload(registry))
    uploads.push(pathname + search)
  }
  const before = await filesOf(registry.storage)

  const problems: string[] = []
  let sent = 0
  const send = async (random: Random, present: Present, upTo: number): Promise<void> => {
    let connection = new Connection(registry.port)
    while (sent < upTo && problems.length < 20) {
      sent++
      const attempt = malformed(random, present)
      const { problem, isOpen } = await problemWith(attempt, connection)
      if (problem !== undefined)
        problems.push(`${JSON.stringify(attempt.bytes.toString('latin1', 0, 300))} => ${problem}`)
      if (isOpen && problem === undefined && attempt.end === undefined) continue
      connection.destroy()
      connection = new Connection(registry.port)
    }
    connection.destroy()
  }
  const sendUpTo = (upTo: number): Promise<unknown> =>
    Promise.all(
      uploads.map((upload, client) =>
        send(new Random(seed + upTo + client), { name, blob, size, uploads: [upload] }, upTo),
      ),
    )

  await sendUpTo(requests / 10)
  const early = bytesInUse()
  await sendUpTo(requests)
  expect(problems).toEqual([])
  expect(failures).toEqual([])
  expect(bytesInUse() - early).toBeLessThan(mostGrowth)
  expect(await filesOf(registry.storage)).toEqual(before)
  // And the registry is as it was.
  expect((await fetch(`${registry.url}/v2/${name}/blobs/${blob}`)).status).toBe(200)
})
