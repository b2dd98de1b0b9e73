import { type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { blobsOf } from '../load/blob.ts'
import { type PushStyle, Pusher } from '../load/push.ts'
import { cpuSeconds } from '../process-usage.ts'
import { emptyBucket } from '../registries/place.ts'
import { type RegistryKind, registryKinds, startRegistry } from '../registries/registry.ts'
import { type Row, timesAtMost } from '../row.ts'

const styles = [
  { style: 'put', what: 'body in the PUT', times: 1 / 2.5 },
  { style: 'patch', what: 'PATCH, then PUT', times: 1 / 1.7 },
] as const

export const pushLarge: Figure = {
  name: 'push-large',
  title: 'Push of a 512 MiB blob to the same Ceph',
  seconds: 120,
  needs: ['radosgw'],
  async measure(bench) {
    const size = bench.size(512, 32) * 2 ** 20
    const newBlob = blobsOf(size)
    const rows: Row[] = []
    for (const { style, what, times } of styles) {
      const sides = registryKinds.map(kind => pushing(bench, kind, style, newBlob))
      const samples = await alternate(sides, { rounds: bench.size(3, 1), log: bench.log })
      const row = (quantity: string): Pick<Row, 'ours' | 'peer'> => ({
        ours: samples.of('Longshore', quantity),
        peer: samples.of('docker-registry', quantity),
      })
      rows.push(
        { what, unit: 's', ...row('total'), target: timesAtMost(times) },
        { what: `CPU, ${what}`, unit: 'CPU s/GiB', ...row('cpu'), target: timesAtMost(1) },
      )
    }
    return rows
  },
}

function pushing(bench: Bench, kind: RegistryKind, style: PushStyle, newBlob: ReturnType<typeof blobsOf>): Side {
  return {
    ...kind,
    async prepare() {
      const { authority, pid, place } = await startRegistry(kind, bench)
      const pusher = bench.scope.own(new Pusher(authority))
      return async () => {
        const blob = newBlob()
        const before = await cpuSeconds(pid)
        const { total } = await pusher.push('bench/large', blob, style)
        const cpu = ((await cpuSeconds(pid)) - before) / (blob.size / 2 ** 30)
        await emptyBucket(await bench.session.ceph(), place.bucket)
        return { total, cpu }
      }
    },
  }
}
