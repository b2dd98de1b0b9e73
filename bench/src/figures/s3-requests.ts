import { type Sample, type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { blobsOf } from '../load/blob.ts'
import { startCountingProxy } from '../load/counting-proxy.ts'
import { Pusher } from '../load/push.ts'
import { pushManifest } from '../load/push-manifest.ts'
import type { ServerProcess } from '../registries/node-server.ts'
import { newPlace } from '../registries/place.ts'
import { type RegistryKind, registryKinds } from '../registries/registry.ts'
import { timesAtMost } from '../row.ts'

const operations = {
  put: 'push of a 3 kB blob, body in the PUT',
  patch: 'push of a 3 kB blob, PATCH, then PUT',
  manifest: 'push of a manifest of three blobs',
  coldHead: 'HEAD of a blob, after a start',
  hotHead: 'HEAD of a blob, again',
  coldPull: 'pull of another blob, the first one',
  hotPull: 'pull of a blob, again',
  coldManifest: 'pull of a manifest by its tag, the first one',
  hotManifest: 'pull of a manifest by its tag, again',
  tags: 'list of tags',
} as const

export const s3Requests: Figure = {
  name: 's3-requests',
  title: 'Requests to S3 for one request, or one push, of a client',
  seconds: 15,
  needs: ['radosgw'],
  async measure(bench) {
    const sides = registryKinds.map(kind => counting(bench, kind))
    const samples = await alternate(sides, { rounds: 1, warmUps: 0, log: bench.log })
    return Object.entries(operations).map(([operation, what]) => ({
      what,
      unit: 'requests' as const,
      ours: samples.of('Longshore', operation),
      peer: samples.of('docker-registry', operation),
      target: timesAtMost(1),
    }))
  },
}

function counting(bench: Bench, kind: RegistryKind): Side {
  return {
    ...kind,
    prepare: async () => async () => {
      const ceph = await bench.session.ceph()
      const proxy = await bench.scope.start(() => startCountingProxy(ceph.endpoint))
      const place = await newPlace(bench, { endpoint: proxy.endpoint })
      const directory = await bench.directory()
      const counts: Record<string, number> = {}
      const count = async (operation: keyof typeof operations, work: () => Promise<unknown>): Promise<void> => {
        await proxy.taken()
        await work()
        counts[operation] = await proxy.taken()
      }
      const [put, patch] = [blobsOf(3000)(), blobsOf(3000)()]
      const start = (): Promise<ServerProcess> => bench.scope.start(() => kind.start(directory, place))
      {
        await using registry = await start()
        await using pusher = new Pusher(registry.authority)
        // What a driver asks of a server once is not a part of later pushes.
        for (const how of ['put', 'patch'] as const) await pusher.push('bench/other', blobsOf(3000)(), how)
        await count('put', () => pusher.push('bench/requests', put, 'put'))
        await count('patch', () => pusher.push('bench/requests', patch, 'patch'))
        await count('manifest', () => pushManifest(registry.authority, 'bench/requests', 'v1', [put, patch, put]))
      }
      // What a process knows from a push counts for nothing now.
      await using registry = await start()
      const ask = (method: string, path: string) => async (): Promise<void> => {
        const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' }
        const url = `http://${registry.authority}/v2/bench/requests/${path}`
        const { status } = await fetch(url, { method, headers, redirect: 'manual' })
        if (status >= 400) throw new Error(`${kind.name}: ${method} ${path}: ${status}`)
      }
      const [head, pull] = [ask('HEAD', `blobs/${put.digest}`), ask('GET', `blobs/${patch.digest}`)]
      const manifest = ask('GET', 'manifests/v1')
      await count('coldHead', head)
      await count('hotHead', head)
      await count('coldPull', pull)
      await count('hotPull', pull)
      await count('coldManifest', manifest)
      await count('hotManifest', manifest)
      await count('tags', ask('GET', 'tags/list'))
      return counts satisfies Sample
    },
  }
}
