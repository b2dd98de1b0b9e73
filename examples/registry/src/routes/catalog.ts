import fp from 'fastify-plugin'
import { type Query, limitFrom, queryValue, repositoryName, nextPage } from './parameters.ts'
import type { Services } from './services.ts'

interface Route {
  Querystring: Query
}

/** Repositories listed when a client does not say, as in Distribution. */
const DEFAULT_LIMIT = 100

/** Listing repositories, by pages: Distribution's `_catalog`, which the OCI specification leaves out. */
export const catalogRoutes = fp<Services>(
  async (app, { catalog, maxCatalogEntries }) => {
    app.get<Route>('/v2/_catalog', { exposeHeadRoute: true }, async ({ query }, reply) => {
      const limit = limitFrom(queryValue(query, 'n'), maxCatalogEntries) ?? Math.min(DEFAULT_LIMIT, maxCatalogEntries)
      const after = queryValue(query, 'last') || undefined
      const page = await catalog.list(limit, after && repositoryName(after))
      const last = page.repositories.at(-1)
      if (page.hasMore) reply.header('link', nextPage('/v2/_catalog', { n: limit, last }))
      return { repositories: page.repositories }
    })
  },
  { name: 'catalog-routes', dependencies: ['allowed-methods', 'authorization', 'validate-request'], fastify: '5.x' },
)
