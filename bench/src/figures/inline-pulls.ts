import { startLocalCloud } from '@longshore/local-cloud'
import { type Place, placeOn } from '@longshore/e2e/registry-configuration'
import { type Sample, type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { type Blob, blobsOf } from '../load/blob.ts'
import { drain } from '../load/pull.ts'
import { Pusher } from '../load/push.ts'
import { cpuSeconds } from '../process-usage.ts'
import { type RegistryKind, longshore, registryKinds } from '../registries/registry.ts'
import { type Row, timesAtMost } from '../row.ts'

const repository = 'bench/inline'
const gibibyte = 2 ** 30
const mebibyte = 2 ** 20

const storages = [
  { storage: 'S3', isFiles: false, target: timesAtMost(1.5) },
  { storage: 'files', isFiles: true, target: timesAtMost(1) },
] as const

const ways = [
  { way: 'whole', what: 'whole blobs' },
  { way: 'ranges', what: 'ranges of 1 MiB' },
] as const

/** Time of the server's process, which tells more than rates do where client, server and storage share the processors. */
export const inlinePulls: Figure = {
  name: 'inline-pulls',
  title: 'Pulls of blobs of 128 MiB that the registry sends itself',
  seconds: 90,
  async measure(bench) {
    const rows: Row[] = []
    for (const { storage, isFiles, target } of storages) {
      const blob = blobsOf(bench.size(128, 16) * mebibyte)()
      const place = await placeWith(bench, isFiles, blob)
      const sides = registryKinds.map(kind => pulling(bench, kind, place, blob))
      const samples = await alternate(sides, { rounds: bench.size(5, 1), log: bench.log })
      for (const { way, what } of ways) {
        const [ours, peer] = [samples.of('Longshore', way), samples.of('docker-registry', way)]
        rows.push({ what: `${what}, from ${storage}`, unit: 'CPU s/GiB', ours, peer, target })
      }
    }
    return rows
  },
}

/** Stores the blob for both. The local cloud serves as S3: it is no part of what is measured. */
async function placeWith(bench: Bench, isFiles: boolean, blob: Blob): Promise<Place> {
  const cloud = await bench.scope.start(() => startLocalCloud())
  const place = { ...placeOn(cloud), redirects: false, ...(isFiles && { rootDirectory: await bench.directory() }) }
  await using registry = await longshore.start(await bench.directory(), place)
  await using pusher = new Pusher(registry.authority)
  await pusher.push(repository, blob, 'put')
  return place
}

function pulling(bench: Bench, kind: RegistryKind, place: Place, blob: Blob): Side {
  return {
    ...kind,
    async prepare() {
      const { authority, pid } = await bench.scope.start(async () => kind.start(await bench.directory(), place))
      const path = `/v2/${repository}/blobs/${blob.digest}`
      const costOf = async (pull: () => Promise<number>): Promise<number> => {
        const begun = await cpuSeconds(pid)
        let bytes = 0
        while (bytes < 4 * blob.size) bytes += await pull()
        return ((await cpuSeconds(pid)) - begun) / (bytes / gibibyte)
      }
      return async (): Promise<Sample> => {
        let begin = 0
        return {
          whole: await costOf(() => drain(authority, path)),
          ranges: await costOf(() => {
            begin = (begin + 5 * mebibyte) % (blob.size - mebibyte)
            return drain(authority, path, `bytes=${begin}-${begin + mebibyte - 1}`)
          }),
        }
      }
    },
  }
}
