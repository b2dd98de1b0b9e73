import type { FastifyInstance } from 'fastify'
import type { HealthReport } from './health.ts'

/** Answers 200 when the registry can do its work, and else 503 with a reason. Open to everybody, and it says nothing more. */
export function healthRoutes(app: FastifyInstance, urls: readonly string[], check: () => Promise<HealthReport>): void {
  for (const url of urls) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      handler: async (_request, reply) => {
        const { healthy, reason } = await check()
        return reply
          .code(healthy ? 200 : 503)
          .header('cache-control', 'no-store')
          .send(healthy ? { status: 'ok' } : { status: 'unavailable', reason })
      },
    })
  }
}
