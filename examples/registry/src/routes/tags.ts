import type { FastifyInstance } from 'fastify'
import { RegistryError } from '../errors.ts'
import type { Registry } from '../registry.ts'
import { type Query, queryValue, repositoryName } from './parameters.ts'

interface Route {
  Params: { name: string }
  Querystring: Query
}

/** end-8: listing tags, by pages. */
export function tagRoutes(app: FastifyInstance, { tags }: Registry): void {
  app.get<Route>('/v2/:name/tags/list', async ({ params, query }, reply) => {
    const name = repositoryName(params.name)
    const limit = limitFrom(queryValue(query, 'n'))
    const page = await tags.list(name, { limit, last: queryValue(query, 'last') })
    const last = page.tags.at(-1)
    if (page.hasMore && last !== undefined) {
      const next = new URLSearchParams({ n: String(limit), last })
      reply.header('link', `</v2/${name}/tags/list?${next.toString()}>; rel="next"`)
    }
    return { name, tags: page.tags }
  })
}

function limitFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new RegistryError('PAGINATION_NUMBER_INVALID', 'invalid number of results requested; accepted: 0 or more', {
    details: [{ n: text }],
  })
}
