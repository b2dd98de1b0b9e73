import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { RegistryError } from '../oci/errors.ts'
import { endWithAnswer } from './error-answers.ts'

/** Refuses in the specification's form what Node refuses without a word, or lets pass: RFC 9112, 3.2, and RFC 9110, 10.1.1. */
export function refuseBadHttp(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw }) => {
    const hosts = raw.headersDistinct['host']?.length ?? 0
    if (hosts > 1 || (hosts === 0 && raw.httpVersion === '1.1')) {
      throw new RegistryError('UNSUPPORTED', 'a request has one Host header', { status: 400 })
    }
    const { expect } = raw.headers
    if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
      throw new RegistryError('UNSUPPORTED', 'nothing can be expected but 100-continue', { status: 417 })
    }
  })
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    app.server.emit('request', request, response)
  })
  app.server.on('connect', (_request: IncomingMessage, socket: Duplex) => endWithAnswer(socket, 405))
}
