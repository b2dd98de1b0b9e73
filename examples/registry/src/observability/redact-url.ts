import { originForm } from '../server/origin-form.ts'

/** The query parameters of this registry's own endpoints, and what containerd adds. None of them holds a secret. */
const shownParameters = new Set(['digest', 'mount', 'from', 'n', 'last', 'artifactType', 'ns'])

/** A request's path and query for a log line: the values of query parameters that no endpoint knows are left out. */
export function redactUrl(url: string): string {
  const target = originForm(url)
  const end = target.indexOf('?')
  if (end < 0) return target
  const parameters = target.slice(end + 1).split('&')
  return `${target.slice(0, end)}?${parameters.map(shown).join('&')}`
}

function shown(parameter: string): string {
  const [name = ''] = parameter.split('=', 1)
  return name === parameter || shownParameters.has(name) ? parameter : `${name}=(not shown)`
}
