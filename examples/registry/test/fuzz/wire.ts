/** What is sent, and what may become of it. */
export interface Attempt {
  readonly bytes: Buffer
  /** As the registry will understand it: the answer to HEAD has no body. */
  readonly method: string
  /** How the connection ends. Default: it goes on after the answer, unless the registry ends it. */
  readonly end?: 'by the registry' | 'by half' | 'at once'
}

/** An HTTP request, right as far as HTTP goes. */
export function request(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: Buffer | string } = {},
): Attempt {
  const content = body === undefined ? undefined : Buffer.from(body)
  const all = { host: 'registry.test', ...(content && { 'content-length': String(content.length) }), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1')
  return { method, bytes: content ? Buffer.concat([head, content]) : head }
}
