import fp from 'fastify-plugin'
import { RegistryError } from '../oci/errors.ts'

/** Methods that a read-only registry refuses. */
export const writeMethods: ReadonlySet<string> = new Set(['DELETE', 'PATCH', 'POST', 'PUT'])

/** Refuses every request that could change the storage, before anything of it is read. */
export const readOnly = fp(
  async app => {
    app.addHook('onRequest', (request, _reply, done) => {
      const isWrite = request.method !== 'GET' && request.method !== 'HEAD'
      done(isWrite && !request.is404 ? new RegistryError('UNSUPPORTED', 'this registry is read-only') : undefined)
    })
  },
  { name: 'read-only', dependencies: ['authorization'], fastify: '5.x' },
)
