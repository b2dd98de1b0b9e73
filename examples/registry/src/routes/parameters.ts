import { type Digest, asDigest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { isRepositoryName } from '../oci/names.ts'

/** Reads a repository's name, from a route's parameter or a query. */
export function repositoryName(text: string): string {
  if (isRepositoryName(text)) return text
  throw new RegistryError('NAME_INVALID', 'invalid repository name', { details: [{ name: text }] })
}

/** Reads a digest, from a route's parameter or a query. */
export function digestFrom(text: string | undefined): Digest {
  const digest = text === undefined ? undefined : asDigest(text)
  if (digest) return digest
  const message = 'invalid digest; accepted: sha256 or sha512, a colon, and lower-case hexadecimal digits'
  throw new RegistryError('DIGEST_INVALID', message, { details: [{ digest: text ?? null }] })
}

/** Reads the number of results wanted; undefined when none is given. */
export function limitFrom(text: string | undefined, max = Infinity): number | undefined {
  if (!text) return undefined
  if (/^\d{1,9}$/.test(text) && Number(text) <= max) return Number(text)
  const accepted = max === Infinity ? '0 or more' : `0 to ${max}`
  const message = `invalid number of results requested; accepted: ${accepted}`
  throw new RegistryError('PAGINATION_NUMBER_INVALID', message, { details: [{ n: text }] })
}

/** Refuses a delete where none are allowed. */
export function assertDeletes({ deletes }: { deletes: boolean }): void {
  if (!deletes) throw new RegistryError('UNSUPPORTED', 'deleting is turned off in this registry')
}

/** Query of a request. Values may come several times; then the first counts where one is wanted. */
export type Query = Record<string, string | string[] | undefined>

export function queryValue(query: Query, name: string): string | undefined {
  return queryValues(query, name)[0]
}

export function queryValues(query: Query, name: string): readonly string[] {
  const value = query[name]
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** Value of a `Link` header that leads to the next page of a list. What is undefined is left out of its query. */
export function nextPage(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.append(name, String(value))
  return `<${path}?${given.toString()}>; rel="next"`
}
