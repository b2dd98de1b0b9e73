import { startDockerRegistry } from '@longshore/e2e/docker-registry'
import type { Program } from '@longshore/e2e/installed'
import type { Place } from '@longshore/e2e/registry-configuration'
import type { Bench } from '../bench.ts'
import { startLongshore } from './longshore.ts'
import type { ServerProcess } from './node-server.ts'
import { newPlace } from './place.ts'

/** One of the registries that are compared. */
export interface RegistryKind {
  readonly name: string
  readonly needs: readonly Program[]
  start(directory: string, place: Place): Promise<ServerProcess>
}

export const longshore: RegistryKind = { name: 'Longshore', needs: [], start: startLongshore }

/** With its descriptor cache, which its documentation recommends. */
export const dockerRegistry: RegistryKind = {
  name: 'docker-registry',
  needs: ['docker-registry'],
  start: (directory, place) => startDockerRegistry(directory, { ...place, descriptorCache: true }),
}

/** Both, ours first. */
export const registryKinds: readonly RegistryKind[] = [longshore, dockerRegistry]

/** Starts a registry on a bucket, or on a new one of its own. */
export async function startRegistry(
  kind: RegistryKind,
  bench: Bench,
  place?: Place,
): Promise<ServerProcess & { readonly place: Place }> {
  const taken = place ?? (await newPlace(bench))
  const registry = await bench.scope.start(async () => kind.start(await bench.directory(), taken))
  return { ...registry, place: taken }
}
