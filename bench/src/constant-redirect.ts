import { fastify } from 'fastify'

/** A process that answers every GET with the same 307, as bare as Fastify can be: what the framework itself costs. */
const [port, location = ''] = process.argv.slice(2)
const app = fastify()
app.get('/*', (_request, reply) => reply.redirect(location, 307))
await app.listen({ host: '127.0.0.1', port: Number(port) })
