/** The query string of a request as S3 reads it: decoded, in order, names with regard to case. */
export class Query {
  readonly pairs: readonly (readonly [name: string, value: string])[]

  constructor(raw: string) {
    this.pairs = raw
      .split('&')
      .filter(part => part !== '')
      .map(part => {
        const equals = part.indexOf('=')
        return equals === -1 ? [decode(part), ''] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))]
      })
  }

  get(name: string): string | undefined {
    return this.pairs.find(pair => pair[0] === name)?.[1]
  }

  has(name: string): boolean {
    return this.pairs.some(pair => pair[0] === name)
  }
}

/** A request target split at its first `?`, nothing decoded. */
export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?')
  return mark === -1 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** Decoded, or as it is where that is not possible. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function decode(text: string): string {
  return percentDecode(text.replaceAll('+', ' '))
}
