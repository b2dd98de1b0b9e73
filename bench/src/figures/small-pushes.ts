import { type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { blobsOf } from '../load/blob.ts'
import { inParallel } from '../load/in-parallel.ts'
import { type PushStyle, Pusher } from '../load/push.ts'
import { type RegistryKind, registryKinds, startRegistry } from '../registries/registry.ts'
import { type Row, timesAtLeast } from '../row.ts'

const atOnce = 16

const styles = [
  { style: 'put', what: 'body in the PUT' },
  { style: 'patch', what: 'PATCH, then PUT' },
] as const

export const smallPushes: Figure = {
  name: 'small-pushes',
  title: 'Pushes of 1,000 blobs of 3 kB, 16 at a time, to the same Ceph',
  seconds: 170,
  needs: ['radosgw'],
  async measure(bench) {
    const rows: Row[] = []
    for (const { style, what } of styles) {
      const sides = registryKinds.map(kind => pushing(bench, kind, style))
      const samples = await alternate(sides, { rounds: bench.size(2, 1), log: bench.log })
      rows.push({
        what,
        unit: '/s',
        ours: samples.of('Longshore', 'perSecond'),
        peer: samples.of('docker-registry', 'perSecond'),
        target: timesAtLeast(3),
      })
    }
    return rows
  },
}

function pushing(bench: Bench, kind: RegistryKind, style: PushStyle): Side {
  const count = bench.size(1000, 100)
  const newBlob = blobsOf(3000)
  return {
    ...kind,
    async prepare() {
      const { authority } = await startRegistry(kind, bench)
      const pusher = bench.scope.own(new Pusher(authority))
      return async () => {
        const begun = performance.now()
        await inParallel(count, atOnce, () => pusher.push('bench/small', newBlob(), style))
        return { perSecond: (count / (performance.now() - begun)) * 1000 }
      }
    },
  }
}
