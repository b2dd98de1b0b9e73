import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import fp from 'fastify-plugin'
import { RegistryError } from '../oci/errors.ts'
import { endWithAnswer } from './error-handler.ts'

/**
 * Refuses bad HTTP, which Node would refuse without a word or let pass, in the specification's form: RFC 9112, 3.2, and
 * RFC 9110, 10.1.1.
 */
export const validateRequest = fp(
  async app => {
    app.addHook('onRequest', ({ raw }, _reply, done) => done(errorOf(raw)))
    app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
      app.server.emit('request', request, response)
    })
    app.server.on('connect', (_request: IncomingMessage, socket: Duplex) => endWithAnswer(socket, 405))
  },
  { name: 'validate-request', dependencies: ['authorization'], fastify: '5.x' },
)

function errorOf(request: IncomingMessage): RegistryError | undefined {
  const hosts = countHostHeaders(request)
  if (hosts > 1 || (hosts === 0 && request.httpVersion === '1.1')) {
    return new RegistryError('UNSUPPORTED', 'a request has one Host header', { status: 400 })
  }
  const { expect } = request.headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    return new RegistryError('UNSUPPORTED', 'nothing can be expected but 100-continue', { status: 417 })
  }
  return undefined
}

/** Counts them as they came: `headers` keeps the first only, and `headersDistinct` is put together anew for each request. */
function countHostHeaders({ rawHeaders }: IncomingMessage): number {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts
}
