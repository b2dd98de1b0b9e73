import fp from 'fastify-plugin'
import { indexType } from '../oci/references.ts'
import { type Query, digestFrom, queryValue, repositoryName, nextPage } from './parameters.ts'
import type { Services } from './services.ts'

interface Route {
  Params: { name: string; digest: string }
  Querystring: Query
}

/** end-12: listing what refers to a manifest, which need not be there itself. What nothing refers to has an empty list. */
export const referrerRoutes = fp<Services>(
  async (app, { referrers }) => {
    app.get<Route>('/v2/:name/referrers/:digest', { exposeHeadRoute: true }, async ({ params, query }, reply) => {
      const name = repositoryName(params.name)
      const subject = digestFrom(params.digest)
      const artifactType = queryValue(query, 'artifactType') || undefined
      const after = queryValue(query, 'last')
      const page = await referrers.list(name, subject, {
        artifactType,
        last: after === undefined ? after : digestFrom(after),
      })
      if (page.last)
        reply.header('link', nextPage(`/v2/${name}/referrers/${subject}`, { artifactType, last: page.last }))
      if (artifactType) reply.header('oci-filters-applied', 'artifactType')
      // As bytes, because the type of a text is given a charset.
      const index = { schemaVersion: 2, mediaType: indexType, manifests: page.referrers }
      return reply.header('content-type', indexType).send(Buffer.from(JSON.stringify(index)))
    })
  },
  { name: 'referrer-routes', dependencies: ['allowed-methods', 'authorization', 'validate-request'], fastify: '5.x' },
)
