import { XMLParser } from 'fast-xml-parser'
import { s3Error } from '../errors.ts'

/** XML that is already escaped, so that it nests without being escaped again. */
export interface Markup {
  markup: string
}

export type Content = string | number | boolean | Markup | readonly Markup[] | undefined

/** An element. Text is escaped; `undefined` content leaves the element out where its parent takes it. */
export function element(name: string, ...content: Content[]): Markup {
  return { markup: `<${name}>${content.map(render).join('')}</${name}>` }
}

/** An element that is absent where its content is. */
export function optional(name: string, content: Content): Content {
  return content === undefined ? undefined : element(name, content)
}

/** A whole answer, in S3's namespace. */
export function document(name: string, ...content: Content[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content
    .map(render)
    .join('')}</${name}>`
}

/** An error has no namespace. */
export function errorDocument(code: string, message: string, details: Record<string, string | undefined>): string {
  const rest = Object.entries(details).map(([name, text]) => optional(name, text))
  return `<?xml version="1.0" encoding="UTF-8"?>\n${
    element('Error', element('Code', code), element('Message', message), ...rest).markup
  }`
}

const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  removeNSPrefix: true,
  htmlEntities: true,
  isArray: name => name === 'Part' || name === 'Object',
  // 10,000 parts have 20,000 quoted quotes, which the parser's guard against entity bombs would take for an attack.
  processEntities: { enabled: true, maxTotalExpansions: 1_000_000, maxExpandedLength: 100_000_000 },
})

/** The children of the one root element `name`. */
export function parseDocument(name: string, text: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = parser.parse(text, true)
  } catch {
    throw malformed()
  }
  const root = isRecord(parsed) ? parsed[name] : undefined
  if (!isRecord(root)) throw malformed()
  return root
}

/** The repeated element `name`, each as its children. */
export function children(parent: Record<string, unknown>, name: string): Record<string, unknown>[] {
  const list = parent[name] ?? []
  if (!Array.isArray(list) || !list.every(isRecord)) throw malformed()
  return list
}

export function text(parent: Record<string, unknown>, name: string): string | undefined {
  const value = parent[name]
  return typeof value === 'string' ? value : undefined
}

export function malformed() {
  return s3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function render(content: Content): string {
  if (content === undefined) return ''
  if (typeof content === 'object') {
    return 'markup' in content ? content.markup : content.map(child => child.markup).join('')
  }
  return escapeText(String(content))
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeText(value: string): string {
  // oxlint-disable-next-line no-control-regex -- keys may hold them, and S3 writes them as references
  return value.replaceAll(/[&<>"\u0000-\u001f]/g, found => ENTITIES[found] ?? `&#x${found.charCodeAt(0).toString(16)};`)
}
