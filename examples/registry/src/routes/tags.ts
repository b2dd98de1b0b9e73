import fp from 'fastify-plugin'
import { type Query, limitFrom, queryValue, repositoryName, nextPage } from './parameters.ts'
import type { Services } from './services.ts'

interface Route {
  Params: { name: string }
  Querystring: Query
}

/** end-8: listing tags, by pages. */
export const tagRoutes = fp<Services>(
  async (app, { tags, maxTags = Infinity }) => {
    app.get<Route>('/v2/:name/tags/list', { exposeHeadRoute: true }, async ({ params, query }, reply) => {
      const name = repositoryName(params.name)
      const wanted = Math.min(limitFrom(queryValue(query, 'n')) ?? Infinity, maxTags)
      const limit = wanted === Infinity ? undefined : wanted
      const page = await tags.list(name, { limit, last: queryValue(query, 'last') })
      const last = page.tags.at(-1)
      if (page.hasMore) reply.header('link', nextPage(`/v2/${name}/tags/list`, { n: limit, last }))
      return { name, tags: page.tags }
    })
  },
  { name: 'tag-routes', dependencies: ['allowed-methods', 'authorization', 'validate-request'], fastify: '5.x' },
)
