/** Scheme and authority that a target in absolute form has before its path. */
const origin = /^[a-z][a-z\d+.-]*:\/\/[^/?]*/i

/** Query parameters of this registry's own endpoints, and what containerd adds. None of them holds a secret. */
const shownParameters = new Set(['digest', 'mount', 'from', 'n', 'last', 'artifactType', 'ns'])

/**
 * Reduces a request's target to path and query. It may be a whole URL, which every server has to accept: RFC 9112, 3.2.2.
 * `http://registry.example/v2/?n=5` becomes `/v2/?n=5`.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const rest = target.replace(origin, '')
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Redacts a request's target for a log line: hides the values of query parameters that no endpoint knows. */
export function redactUrl(url: string): string {
  const target = originForm(url)
  const end = target.indexOf('?')
  if (end < 0) return target
  const parameters = target.slice(end + 1).split('&')
  return `${target.slice(0, end)}?${parameters.map(redactParameter).join('&')}`
}

function redactParameter(parameter: string): string {
  const [name = ''] = parameter.split('=', 1)
  return name === parameter || shownParameters.has(name) ? parameter : `${name}=(not shown)`
}
