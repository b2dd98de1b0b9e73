import fp from 'fastify-plugin'

/** Address by which clients know the registry. */
export interface PublicUrlOptions {
  /** Default: clients get relative URLs, which are right behind any proxy. */
  readonly host?: URL | undefined
  /** Path before `/v2/`, such as `/my/registry`. Default: none. A host with a path of its own has it there. */
  readonly prefix?: string | undefined
}

export interface ResponseHeaderOptions {
  /** Headers that every answer gets. */
  headers?: Readonly<Record<string, readonly string[]>> | undefined
  publicUrl: PublicUrlOptions
}

/**
 * Gives every answer the header by which clients know a registry and those that its owner wants, and makes its URLs those
 * that clients can use: routes write them as if they began with `/v2/`.
 */
export const responseHeaders = fp<ResponseHeaderOptions>(
  async (app, { headers = {}, publicUrl }) => {
    const added = Object.entries(headers)
    app.addHook('onRequest', (_request, reply, done) => {
      for (const [name, values] of added) reply.header(name, [...values])
      reply.header('docker-distribution-api-version', 'registry/2.0')
      done()
    })
    const base = baseUrl(publicUrl)
    if (base === '') return
    app.addHook('onSend', (_request, reply, _payload, done) => {
      for (const name of ['location', 'link']) {
        const value = reply.getHeader(name)
        if (typeof value === 'string') reply.header(name, value.replace(/^(<?)(?=\/v2\/)/, `$1${base}`))
      }
      done()
    })
  },
  { name: 'response-headers', dependencies: ['request-report'], fastify: '5.x' },
)

function baseUrl({ host, prefix = '' }: PublicUrlOptions): string {
  if (!host) return prefix
  return host.origin + (host.pathname === '/' ? prefix : host.pathname.replace(/\/$/, ''))
}
