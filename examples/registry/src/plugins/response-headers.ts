import type { FastifyInstance } from 'fastify'

/** Where clients find the registry. */
export interface PublicPlace {
  /** Undefined: where they asked. They get relative URLs, which are right behind any proxy. */
  readonly host?: URL | undefined
  /** What stands before `/v2/`: `/my/registry`, or nothing. A host with a path of its own has it there. */
  readonly prefix?: string | undefined
}

/** Makes the URLs in answers those that clients can use; routes write them as if they began with `/v2/`. */
export function publicUrls(app: FastifyInstance, { host, prefix = '' }: PublicPlace): void {
  const hostPath = host?.pathname === '/' ? prefix : host?.pathname.replace(/\/$/, '')
  const base = host ? `${host.origin}${hostPath}` : prefix
  if (base === '') return
  app.addHook('onSend', (_request, reply, _payload, done) => {
    for (const name of ['location', 'link']) {
      const value = reply.getHeader(name)
      if (typeof value === 'string') reply.header(name, value.replace(/^(<?)(?=\/v2\/)/, `$1${base}`))
    }
    done()
  })
}

/** `/my/registry/v2/a` becomes `/v2/a`. What has to have the prefix and does not is no endpoint. */
export function withoutPrefix(url: string, prefix: string): string {
  if (prefix === '') return url
  if (url.startsWith(`${prefix}/v2`)) return url.slice(prefix.length)
  return url.startsWith('/v2') ? '/' : url
}
