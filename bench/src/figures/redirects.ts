import { type Sample, type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { blobsOf } from '../load/blob.ts'
import { Pusher } from '../load/push.ts'
import { wrk } from '../load/wrk.ts'
import { startBareFastify } from '../registries/bare-fastify.ts'
import type { ServerProcess } from '../registries/node-server.ts'
import { dockerRegistry, longshore, startRegistry } from '../registries/registry.ts'
import { type Row, timesAtLeast, timesAtMost } from '../row.ts'

export const redirects: Figure = {
  name: 'redirects',
  title: 'Pulls of one hot blob, answered with a 307: one process of Longshore, docker-registry on all cores',
  seconds: 320,
  needs: ['radosgw', 'wrk'],
  async measure(bench) {
    const { place, path, location } = await hotBlob(bench)
    const rows: Row[] = []
    for (const connections of [16, 256]) {
      const side = (name: string, start: () => Promise<ServerProcess>): Side => ({
        name,
        prepare: async () => () => answering(bench, path, connections, start),
      })
      const samples = await alternate(
        [
          side(longshore.name, () => startRegistry(longshore, bench, place)),
          { ...dockerRegistry, ...side(dockerRegistry.name, () => startRegistry(dockerRegistry, bench, place)) },
          side('bare Fastify', () => bench.scope.start(() => startBareFastify(location))),
        ],
        { rounds: bench.size(5, 1), warmUps: 0, log: bench.log },
      )
      const row = (what: string, quantity: 'perSecond' | 'p99', peer: string): Omit<Row, 'target'> => ({
        what: `${what}, ${connections} connections`,
        unit: quantity === 'p99' ? 'ms' : '/s',
        ours: samples.of(longshore.name, quantity),
        peer: samples.of(peer, quantity),
      })
      rows.push(
        { ...row('307s', 'perSecond', dockerRegistry.name), target: timesAtLeast(25) },
        { ...row('p99', 'p99', dockerRegistry.name), target: timesAtMost(1 / 10) },
        { ...row('307s', 'perSecond', 'bare Fastify'), target: timesAtLeast(0.6) },
      )
    }
    return rows
  },
}

/** A blob that both registries find in one bucket, and where Longshore sends who asks for it. */
async function hotBlob(bench: Bench) {
  await using registry = await startRegistry(longshore, bench)
  const { authority, place } = registry
  await using pusher = new Pusher(authority)
  const blob = blobsOf(3000)()
  await pusher.push('bench/hot', blob, 'put')
  const path = `/v2/bench/hot/blobs/${blob.digest}`
  return { place, path, location: await locationFrom(authority, path) }
}

async function locationFrom(authority: string, path: string): Promise<string> {
  const { status, headers } = await fetch(`http://${authority}${path}`, { redirect: 'manual' })
  const location = headers.get('location')
  if (status !== 307 || location === null) throw new Error(`a pull is answered with ${status}; expected 307`)
  return location
}

/** Each time by a new process: of two with the same code one may take half as long again as the other, for all its life. */
async function answering(
  bench: Bench,
  path: string,
  connections: number,
  start: () => Promise<ServerProcess>,
): Promise<Sample> {
  await using server = await start()
  await locationFrom(server.authority, path)
  const url = `http://${server.authority}${path}`
  await wrk(bench, { url, connections, seconds: bench.size(2, 1) })
  // Awaited here, or the server would be ended before.
  return await wrk(bench, { url, connections, seconds: bench.size(5, 2) })
}
