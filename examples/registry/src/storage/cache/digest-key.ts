import type { Digest } from '../../oci/digest.ts'

/** Makes the key under which caches have what a repository has of that digest. */
export function digestKey(repository: string, digest: Digest): string {
  return `${repository}@${digest}`
}
