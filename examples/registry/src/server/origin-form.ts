/** The scheme and the authority that a target in absolute form has before its path. */
const origin = /^[a-z][a-z\d+.-]*:\/\/[^/?]*/i

/**
 * Path and query of a request's target. It may be a whole URL, which every server has to accept: RFC 9112, 3.2.2.
 * `http://registry.example/v2/?n=5` becomes `/v2/?n=5`.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const rest = target.replace(origin, '')
  return rest.startsWith('/') ? rest : `/${rest}`
}
