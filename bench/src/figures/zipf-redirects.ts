import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Side, alternate } from '../alternate.ts'
import type { Figure } from '../figure.ts'
import { seededDigest } from '../load/seed.ts'
import { wrk } from '../load/wrk.ts'
import { zipf } from '../load/zipf.ts'
import { type RegistryKind, registryKinds, startRegistry } from '../registries/registry.ts'
import { seededPlace, seededRepository } from '../registries/seeded-place.ts'
import { timesAtLeast } from '../row.ts'

export const zipfRedirects: Figure = {
  name: 'zipf-redirects',
  title: 'Pulls of 100,000 distinct blobs, some asked for much more often than others (zipf), answered with a 307',
  seconds: 200,
  needs: ['radosgw', 'wrk'],
  async measure(bench) {
    const place = await seededPlace(bench)
    const draw = zipf(place.blobs)
    const paths = Array.from({ length: bench.size(500_000, 10_000) }, () => {
      return `/v2/${seededRepository}/blobs/sha256:${seededDigest(draw())}`
    })
    const file = join(await bench.directory(), 'paths')
    await writeFile(file, paths.join('\n'))
    const side = (kind: RegistryKind): Side => ({
      ...kind,
      async prepare() {
        const { authority } = await startRegistry(kind, bench, place)
        const url = `http://${authority}/v2/`
        return () => wrk(bench, { url, connections: 64, seconds: bench.size(10, 2), paths: file })
      },
    })
    const samples = await alternate(registryKinds.map(side), { rounds: bench.size(3, 1), log: bench.log })
    return [
      {
        what: '307s, 64 connections',
        unit: '/s',
        ours: samples.of('Longshore', 'perSecond'),
        peer: samples.of('docker-registry', 'perSecond'),
        target: timesAtLeast(10),
      },
      {
        what: 'p99, 64 connections',
        unit: 'ms',
        ours: samples.of('Longshore', 'p99'),
        peer: samples.of('docker-registry', 'p99'),
      },
    ]
  },
}
