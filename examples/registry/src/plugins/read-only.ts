import type { FastifyInstance } from 'fastify'
import { RegistryError } from '../oci/errors.ts'

/** Refuses whatever could change the storage, before anything of it is read. Call it before the routes are added. */
export function refuseWrites(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const isWrite = request.method !== 'GET' && request.method !== 'HEAD'
    done(isWrite && !request.is404 ? new RegistryError('UNSUPPORTED', 'this registry is read-only') : undefined)
  })
}
