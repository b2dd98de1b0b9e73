import { type IncomingMessage } from 'node:http'
import { startDockerRegistry } from '@longshore/e2e/docker-registry'
import type { Place } from '@longshore/e2e/registry-configuration'
import type { StorageDriver } from '@longshore/middleware-core'
import { type Side, alternate } from '../alternate.ts'
import type { Bench } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { startCountingProxy } from '../load/counting-proxy.ts'
import { openDriver } from '../open-driver.ts'
import { type RegistryKind, registryKinds, startRegistry } from '../registries/registry.ts'
import { seededPlace, seededRepository } from '../registries/seeded-place.ts'
import { type Row, atMost, timesAtMost } from '../row.ts'

const top = '/docker/registry/v2'
/** S3 lists so many keys at once. */
const page = 1000

export const walk: Figure = {
  name: 'walk',
  title: 'Walk of 100,000 objects in the same bucket',
  seconds: 150,
  needs: ['radosgw'],
  async measure(bench) {
    const place = await seededPlace(bench)
    const plan = { rounds: bench.size(3, 1), log: bench.log }
    const catalog = await alternate(
      registryKinds.map(kind => catalogOf(bench, kind, place)),
      plan,
    )
    const links = await alternate([ours(bench, place, `${top}/repositories`)], plan)
    // It asks for every blob by itself, which takes minutes: once has to do.
    const once = { rounds: 1, warmUps: 0, log: bench.log }
    const mark = await alternate([ours(bench, place, top), markOf(bench, place)], once)
    const count = place.blobs.toLocaleString('en-US')
    const rows: Row[] = [
      {
        what: `${count} objects`,
        unit: 's',
        ours: links.of('Longshore', 'time'),
      },
      {
        what: `${count} objects, LIST requests`,
        unit: 'requests',
        ours: links.of('Longshore', 'lists'),
        // After a full page Ceph does not know that it was the last.
        target: atMost(Math.ceil(place.blobs / page) + 1),
      },
      {
        what: `twice as many, against garbage-collect --dry-run`,
        unit: 's',
        ours: mark.of('Longshore', 'time'),
        peer: mark.of('docker-registry', 'time'),
        target: timesAtMost(1 / 2),
      },
      {
        what: `_catalog of the repository that has them, LIST requests`,
        unit: 'requests',
        ours: catalog.of('Longshore', 'lists'),
        peer: catalog.of('docker-registry', 'lists'),
        target: timesAtMost(1),
      },
      {
        what: `the same, time`,
        unit: 'ms',
        ours: catalog.of('Longshore', 'milliseconds'),
        peer: catalog.of('docker-registry', 'milliseconds'),
      },
    ]
    return rows
  },
}

/** Time without the proxy, and what the proxy counts in the same walk after it. */
function ours(bench: Bench, place: Place, path: string): Side {
  return {
    name: 'Longshore',
    async prepare() {
      const proxy = await bench.scope.start(() => startCountingProxy(place.endpoint))
      const [direct, counted] = [openDriver(bench, place), openDriver(bench, { ...place, endpoint: proxy.endpoint })]
      await walkAll(counted, path)
      const lists = await proxy.taken(isList)
      return async () => ({ time: await secondsOf(() => walkAll(direct, path)), lists })
    },
  }
}

/** `_catalog` passes over what lies in a repository: it is the listing that a registry does most. */
function catalogOf(bench: Bench, kind: RegistryKind, place: Place): Side {
  return {
    ...kind,
    async prepare() {
      const proxy = await bench.scope.start(() => startCountingProxy(place.endpoint))
      const direct = await startRegistry(kind, bench, place)
      const counted = await startRegistry(kind, bench, { ...place, endpoint: proxy.endpoint })
      await proxy.taken()
      await askForCatalog(counted.authority)
      const lists = await proxy.taken(isList)
      return async () => ({ milliseconds: 1000 * (await secondsOf(() => askForCatalog(direct.authority))), lists })
    },
  }
}

/** What garbage collection does before it deletes: it reads every repository, and lists all blobs. */
function markOf(bench: Bench, place: Place): Side {
  return {
    name: 'docker-registry',
    needs: ['docker-registry'],
    async prepare() {
      const registry = await bench.scope.start(async () => startDockerRegistry(await bench.directory(), place))
      return async () => ({ time: await secondsOf(() => registry.collectGarbage('--dry-run')) })
    },
  }
}

async function walkAll(driver: StorageDriver, path: string): Promise<number> {
  let files = 0
  for await (const { isDirectory } of driver.walk(path)) if (!isDirectory) files++
  return files
}

async function askForCatalog(authority: string): Promise<void> {
  const { repositories } = (await (await fetch(`http://${authority}/v2/_catalog?n=1000`)).json()) as {
    repositories: string[]
  }
  if (!repositories.includes(seededRepository)) throw new Error(`_catalog tells of ${repositories.join(', ')}`)
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return (performance.now() - begun) / 1000
}

function isList({ method, url = '' }: IncomingMessage): boolean {
  return method === 'GET' && /[?&](list-type|prefix)=/.test(url)
}
