import fp from 'fastify-plugin'
import type { HealthReport } from './health.ts'

export interface HealthRouteOptions {
  readonly urls: readonly string[]
  check(): Promise<HealthReport>
}

/** Routes that answer 200 when the registry can do its work, and else 503 with a reason. Open to everybody. */
export const healthRoutes = fp<HealthRouteOptions>(
  async (app, { urls, check }) => {
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
  },
  { name: 'health-routes', fastify: '5.x' },
)
