import { type Sample, type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import { CannotMeasure, type Figure } from '../figure.ts'
import { blobsOf } from '../load/blob.ts'
import { inParallel } from '../load/in-parallel.ts'
import { Pusher } from '../load/push.ts'
import { availableMemory, peakMemory } from '../process-usage.ts'
import { emptyBucket, newPlace } from '../registries/place.ts'
import { type RegistryKind, registryKinds } from '../registries/registry.ts'
import { type Row, atMost, timesAtMost } from '../row.ts'

const gibibyte = 2 ** 30
const pushes = 8

export const memory: Figure = {
  name: 'memory',
  title: 'The most memory that a registry takes for eight pushes at once',
  seconds: 300,
  needs: ['radosgw'],
  async measure(bench) {
    const [large, small] = bench.size([gibibyte, gibibyte / 16], [gibibyte / 16, gibibyte / 64])
    // Ceph keeps everything in memory, and for a while a blob twice: as an upload and in its place.
    const needed = 2 * pushes * large + 2 * gibibyte
    const available = await availableMemory()
    if (available < needed) {
      throw new CannotMeasure(
        `Ceph may take ${inGibibytes(needed)} of memory, and ${inGibibytes(available)} are available`,
      )
    }
    const samples = await alternate(
      registryKinds.map(kind => pushing(bench, kind, [large, small])),
      { rounds: 1, warmUps: 0, log: bench.log },
    )
    const [ours, peer] = [samples.of('Longshore', 'large'), samples.of('docker-registry', 'large')]
    const what = `8 blobs of ${inGibibytes(large)}`
    const rows: Row[] = [
      { what, unit: 'MiB', ours, target: atMost(256) },
      { what: `${what}, against docker-registry`, unit: 'MiB', ours, peer },
      {
        what: `${what}, against 8 of ${inGibibytes(small)}`,
        unit: 'MiB',
        ours,
        peer: { ...samples.of('Longshore', 'small'), name: 'Longshore, small blobs' },
        // Flat, but for what a garbage collector happens to have not collected yet.
        target: timesAtMost(1.25),
      },
    ]
    return rows
  },
}

/** Each size gets a process of its own: a peak is that of all of its life. */
function pushing(bench: Bench, kind: RegistryKind, [large, small]: readonly [number, number]): Side {
  return {
    ...kind,
    prepare: async () => async (): Promise<Sample> => ({
      small: await peakFor(bench, kind, small),
      large: await peakFor(bench, kind, large),
    }),
  }
}

/** The peak in MiB while eight clients push as docker does, which is the harder way: PATCH, then PUT. */
async function peakFor(bench: Bench, kind: RegistryKind, size: number): Promise<number> {
  bench.log(`${kind.name}: ${pushes} blobs of ${inGibibytes(size)}`)
  const place = await newPlace(bench)
  const registry = await bench.scope.start(async () => kind.start(await bench.directory(), place))
  await using pusher = new Pusher(registry.authority)
  const newBlob = blobsOf(size)
  await inParallel(pushes, pushes, () => pusher.push('bench/memory', newBlob(), 'patch'))
  const peak = await peakMemory(registry.pid)
  await registry[Symbol.asyncDispose]()
  await emptyBucket(await bench.session.ceph(), place.bucket)
  return peak / 2 ** 20
}

function inGibibytes(bytes: number): string {
  return bytes < gibibyte ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / gibibyte).toFixed(0)} GiB`
}
