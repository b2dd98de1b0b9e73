import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { placeOn } from '@longshore/e2e/registry-configuration'
import { startLocalCloud } from '@longshore/local-cloud'
import { type Sample, type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import { CannotMeasure, type Figure } from '../figure.ts'
import { blobsOf } from '../load/blob.ts'
import { inParallel } from '../load/in-parallel.ts'
import { Pusher } from '../load/push.ts'
import { peakMemory } from '../process-usage.ts'
import { type RegistryKind, registryKinds } from '../registries/registry.ts'
import { type Row, atMost, timesAtMost } from '../row.ts'

const gibibyte = 2 ** 30
const pushes = 8

export const memory: Figure = {
  name: 'memory',
  title: 'The most memory that a registry takes for eight pushes at once',
  seconds: 300,
  async measure(bench) {
    const [large, small] = bench.size([gibibyte, gibibyte / 16], [gibibyte / 16, gibibyte / 64])
    // For a while a blob is there twice: as an upload and in its place.
    const needed = 2 * pushes * large
    const { bavail, bsize } = await statfs(tmpdir())
    if (bavail * bsize < needed) {
      throw new CannotMeasure(
        `${tmpdir()} has ${inGibibytes(bavail * bsize)} left, and ${inGibibytes(needed)} are needed`,
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

/**
 * The peak in MiB while eight clients push as docker does, which is the harder way: PATCH, then PUT. They push to the local
 * cloud, which keeps bytes on disk: in Ceph's memory they would leave the registries none.
 */
async function peakFor(bench: Bench, kind: RegistryKind, size: number): Promise<number> {
  bench.log(`${kind.name}: ${pushes} blobs of ${inGibibytes(size)}`)
  await using cloud = await startLocalCloud()
  const place = placeOn(cloud, await bench.session.keyFile())
  const registry = await bench.scope.start(async () => kind.start(await bench.directory(), place))
  await using pusher = new Pusher(registry.authority)
  const newBlob = blobsOf(size)
  await inParallel(pushes, pushes, () => pusher.push('bench/memory', newBlob(), 'patch'))
  const peak = await peakMemory(registry.pid)
  await registry[Symbol.asyncDispose]()
  return peak / 2 ** 20
}

function inGibibytes(bytes: number): string {
  return bytes < gibibyte ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / gibibyte).toFixed(0)} GiB`
}
