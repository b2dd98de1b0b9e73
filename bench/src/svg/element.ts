export type Attributes = Readonly<Record<string, string | number>>

/** An element. Its content is SVG already, unless it is to be escaped. */
export function element(name: string, attributes: Attributes, content = '', { escape = false } = {}): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(rounded(value))}"`)
  const inner = escape ? escaped(content) : content
  return inner === '' ? `<${name}${given.join('')}/>` : `<${name}${given.join('')}>${inner}</${name}>`
}

export function text(content: string, attributes: Attributes): string {
  return element('text', attributes, content, { escape: true })
}

function rounded(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : value
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
