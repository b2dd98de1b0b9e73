import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { blobsOf } from '../load/blob.ts'
import { Pusher } from '../load/push.ts'
import { openDriver } from '../open-driver.ts'
import { emptyBucket, newPlace } from '../registries/place.ts'
import { dockerRegistry, startRegistry } from '../registries/registry.ts'
import { timesAtMost } from '../row.ts'

export const move: Figure = {
  name: 'move',
  title: 'Move of a 1 GiB object on Ceph, against the commit of such a blob',
  seconds: 110,
  needs: ['radosgw'],
  async measure(bench) {
    const size = bench.size(1024, 64) * 2 ** 20
    const samples = await alternate([moving(bench, size), committing(bench, size)], {
      rounds: bench.size(3, 1),
      log: bench.log,
    })
    return [
      {
        what: "move, against docker-registry's PUT after the PATCH",
        unit: 's',
        ours: samples.of('Longshore', 'time'),
        peer: samples.of('docker-registry', 'time'),
        target: timesAtMost(1),
      },
    ]
  },
}

function moving(bench: Bench, size: number): Side {
  return {
    name: 'Longshore',
    async prepare() {
      const place = await newPlace(bench)
      const driver = openDriver(bench, place)
      const chunk = randomBytes(2 ** 20)
      return async () => {
        const upload = await driver.writer('/source')
        for (let left = size; left > 0; left -= chunk.length) if (!upload.write(chunk)) await once(upload, 'drain')
        await upload.commit()
        const begun = performance.now()
        await driver.move('/source', '/destination')
        const time = (performance.now() - begun) / 1000
        await emptyBucket(await bench.session.ceph(), place.bucket)
        return { time }
      }
    },
  }
}

function committing(bench: Bench, size: number): Side {
  return {
    ...dockerRegistry,
    async prepare() {
      const { authority, place } = await startRegistry(dockerRegistry, bench)
      const pusher = bench.scope.own(new Pusher(authority))
      const newBlob = blobsOf(size)
      return async () => {
        const { commit } = await pusher.push('bench/move', newBlob(), 'patch')
        await emptyBucket(await bench.session.ceph(), place.bucket)
        return { time: commit }
      }
    },
  }
}
