import { type Digest, asDigest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { isRepositoryName } from '../oci/names.ts'

/** A repository's name, as a route's parameter or a query gives it. */
export function repositoryName(text: string): string {
  if (isRepositoryName(text)) return text
  throw new RegistryError('NAME_INVALID', 'invalid repository name', { details: [{ name: text }] })
}

/** A digest, as a route's parameter or a query gives it. */
export function digestFrom(text: string | undefined): Digest {
  const digest = text === undefined ? undefined : asDigest(text)
  if (digest) return digest
  const message = 'invalid digest; accepted: sha256 or sha512, a colon, and lower-case hexadecimal digits'
  throw new RegistryError('DIGEST_INVALID', message, { details: [{ digest: text ?? null }] })
}

/** How many results are wanted, as a query gives it; undefined when it gives none. At most `most`. Default: any number. */
export function limitFrom(text: string | undefined, most = Infinity): number | undefined {
  if (!text) return undefined
  if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text)
  const accepted = most === Infinity ? '0 or more' : `0 to ${most}`
  const message = `invalid number of results requested; accepted: ${accepted}`
  throw new RegistryError('PAGINATION_NUMBER_INVALID', message, { details: [{ n: text }] })
}

/** Refuses a delete where none are allowed. */
export function assertDeletes({ deletes }: { deletes: boolean }): void {
  if (!deletes) throw new RegistryError('UNSUPPORTED', 'deleting is turned off in this registry')
}

/** Query values may come several times; then the first counts where one is wanted. */
export type Query = Record<string, string | string[] | undefined>

export function queryValue(query: Query, name: string): string | undefined {
  return queryValues(query, name)[0]
}

export function queryValues(query: Query, name: string): readonly string[] {
  const value = query[name]
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}
