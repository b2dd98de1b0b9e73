import { type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { blobsOf } from '../load/blob.ts'
import { lazily } from '../lazily.ts'
import { Pusher } from '../load/push.ts'
import { wrk } from '../load/wrk.ts'
import { startBareFastify } from '../registries/bare-fastify.ts'
import { type RegistryKind, dockerRegistry, longshore, startRegistry } from '../registries/registry.ts'
import { type Row, timesAtLeast, timesAtMost } from '../row.ts'

export const redirects: Figure = {
  name: 'redirects',
  title: 'Pulls of one hot blob, answered with a 307: one process of Longshore, docker-registry on all cores',
  seconds: 145,
  needs: ['radosgw', 'wrk'],
  async measure(bench) {
    // Started once for both numbers of connections, and a registry that is not installed not at all.
    const ours = lazily(() => hotBlob(bench, longshore))
    const theirs = lazily(() => hotBlob(bench, dockerRegistry))
    const bare = lazily(async () => constantRedirect(bench, await ours()))
    const rows: Row[] = []
    for (const connections of [16, 256]) {
      const loading =
        (url: () => Promise<string>): Side['prepare'] =>
        async () => {
          const target = await url()
          return () => wrk(bench, { url: target, connections, seconds: bench.size(5, 2) })
        }
      const samples = await alternate(
        [
          { ...longshore, prepare: loading(ours) },
          { ...dockerRegistry, prepare: loading(theirs) },
          { name: 'bare Fastify', prepare: loading(bare) },
        ],
        { rounds: bench.size(3, 1), log: bench.log },
      )
      const row = (what: string, quantity: 'perSecond' | 'p99', peer: string): Omit<Row, 'target'> => ({
        what: `${what}, ${connections} connections`,
        unit: quantity === 'p99' ? 'ms' : '/s',
        ours: samples.of('Longshore', quantity),
        peer: samples.of(peer, quantity),
      })
      rows.push(
        { ...row('307s', 'perSecond', 'docker-registry'), target: timesAtLeast(25) },
        { ...row('p99', 'p99', 'docker-registry'), target: timesAtMost(1 / 10) },
        { ...row('307s', 'perSecond', 'bare Fastify'), target: timesAtLeast(0.6) },
      )
    }
    return rows
  },
}

/** A registry with one blob; the blob's address there. */
async function hotBlob(bench: Bench, kind: RegistryKind): Promise<string> {
  const { authority } = await startRegistry(kind, bench)
  await using pusher = new Pusher(authority)
  const blob = blobsOf(3000)()
  await pusher.push('bench/hot', blob, 'put')
  const url = `http://${authority}/v2/bench/hot/blobs/${blob.digest}`
  const { status } = await fetch(url, { redirect: 'manual' })
  if (status !== 307) throw new Error(`${kind.name} answers a pull with ${status}; expected 307`)
  return url
}

/** The same path and the same answer as Longshore's, from a bare Fastify. */
async function constantRedirect(bench: Bench, url: string): Promise<string> {
  const location = (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
  const { authority } = await bench.scope.start(() => startBareFastify(location))
  return `http://${authority}${new URL(url).pathname}`
}
