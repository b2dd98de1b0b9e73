import type { FastifyInstance, HTTPMethods } from 'fastify'
import { RegistryError } from '../oci/errors.ts'

/**
 * Answers 405 where there is an endpoint, but none with the request's method. Every 405, that of a method which is turned
 * off included, gets an `Allow` header with the endpoint's other ones (RFC 9110, section 15.5.6).
 *
 * Call it before the routes are added, and what it returns after that.
 *
 * @param off methods that are turned off everywhere
 */
export function allowedMethods(app: FastifyInstance, off: ReadonlySet<string>): () => void {
  const allowed = new Map<string, Set<string>>()
  let isComplete = false
  app.addHook('onRoute', ({ url, method }) => {
    if (isComplete) return
    allowed.set(url, new Set([...(allowed.get(url) ?? []), ...[method].flat()]))
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (reply.statusCode === 405 && !reply.hasHeader('allow')) {
      const others = [...(allowed.get(request.routeOptions.url ?? '') ?? [])]
      const usable = others.filter(each => each !== request.method && !off.has(each))
      reply.header('allow', usable.toSorted().join(', '))
    }
    done()
  })
  return () => {
    isComplete = true
    for (const [url, methods] of allowed) {
      const method = app.supportedMethods.filter(each => !methods.has(each)) as HTTPMethods[]
      app.route({ method, url, handler: refuse })
    }
  }
}

async function refuse(): Promise<never> {
  throw new RegistryError('UNSUPPORTED', 'the endpoint has no such method')
}
