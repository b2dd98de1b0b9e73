/** The query parameters of this registry's own endpoints, and what containerd adds. None of them holds a secret. */
const shownParameters = new Set(['digest', 'mount', 'from', 'n', 'last', 'artifactType', 'ns'])

const hidden = '(not shown)'

/** A request's path and query for a log line: the values of query parameters that no endpoint knows are left out. */
export function withoutQuerySecrets(url: string): string {
  const [path = '', ...query] = url.split('?')
  if (query.length === 0) return path
  const parameters = query.join('?').split('&')
  return `${path}?${parameters.map(shown).join('&')}`
}

/**
 * A text of unknown origin, such as an error's stack, for a log line: what signs a URL, passwords in one and credentials in
 * an `Authorization` header are left out.
 */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/(https?:\/\/)[^\s/@]+@/g, `$1${hidden}@`)
    .replaceAll(/(https?:\/\/[^\s?"'<>]+)\?[^\s"'<>]*/g, `$1?${hidden}`)
    .replaceAll(/\b(Bearer|Basic) [\w.~+/=-]{8,}/gi, `$1 ${hidden}`)
    .replaceAll(/\b(AWS4-HMAC-SHA256 |AWS (?=\w+:))[^\r\n]*/g, `$1${hidden}`)
}

function shown(parameter: string): string {
  const [name = '', value] = parameter.split('=', 1).concat(parameter.includes('=') ? [''] : [])
  return value === undefined || shownParameters.has(name) ? parameter : `${name}=${hidden}`
}
