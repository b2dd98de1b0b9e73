import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place } from '@longshore/e2e/registry-configuration'
import { type Side, alternate } from '../alternate.ts'
import type { Figure } from '../figure.ts'
import { pullEach } from '../load/pull.ts'
import { seededDigest } from '../load/seed.ts'
import { wrk } from '../load/wrk.ts'
import { zipf } from '../load/zipf.ts'
import { type RegistryKind, registryKinds, startRegistry } from '../registries/registry.ts'
import { seededPlace, seededRepository } from '../registries/seeded-place.ts'
import { timesAtLeast } from '../row.ts'

const connections = 64

export const zipfRedirects: Figure = {
  name: 'zipf-redirects',
  title: 'Pulls of 100,000 distinct blobs, some asked for much more often than others (zipf), answered with a 307',
  seconds: 520,
  needs: ['radosgw', 'wrk'],
  async measure(bench) {
    const place = await seededPlace(bench)
    const paths = Array.from({ length: place.blobs }, (_, index) => {
      return `/v2/${seededRepository}/blobs/sha256:${seededDigest(index)}`
    })
    const draw = zipf(place.blobs)
    const drawn = Array.from({ length: bench.size(500_000, 10_000) }, () => paths[draw()])
    const file = join(await bench.directory(), 'paths')
    await writeFile(file, drawn.join('\n'))
    const side = (kind: RegistryKind): Side => ({
      ...kind,
      async prepare() {
        const { authority } = await startRegistry(kind, bench, withRoomForAll(place))
        bench.log(`${kind.name}: the first pull of each`)
        const cold = await pullEach(authority, paths, connections)
        const url = `http://${authority}/v2/`
        return async () => ({
          ...(await wrk(bench, { url, connections, seconds: bench.size(10, 2), paths: file })),
          cold,
        })
      },
    })
    // Longshore's first pulls come last, right before the rounds: it forgets a blob ten minutes after it was found, and all of
    // them were found within a few minutes, which they would not be but for a measurement.
    const samples = await alternate(registryKinds.toReversed().map(side), { rounds: bench.size(3, 1), log: bench.log })
    return [
      {
        what: `307s, ${connections} connections, once each was pulled before`,
        unit: '/s',
        ours: samples.of('Longshore', 'perSecond'),
        peer: samples.of('docker-registry', 'perSecond'),
        target: timesAtLeast(10),
      },
      {
        what: 'p99 of these',
        unit: 'ms',
        ours: samples.of('Longshore', 'p99'),
        peer: samples.of('docker-registry', 'p99'),
      },
      {
        what: `the first pull of each, ${connections} connections`,
        unit: '/s',
        ours: samples.of('Longshore', 'cold'),
        peer: samples.of('docker-registry', 'cold'),
      },
    ]
  },
}

/** As one would configure a registry with so many blobs. docker-registry's cache has no bound, and it keeps no URLs. */
function withRoomForAll({ blobs, ...place }: Place & { readonly blobs: number }): Place {
  const { edge } = place
  return { ...place, descriptorCache: blobs, ...(edge && { edge: { ...edge, cacheSize: blobs } }) }
}
