/** The site's pages: each file of the repository that becomes one, by its path, with the path of its page. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = dirname(dirname(fileURLToPath(import.meta.url)))

const REPOSITORY_URL = 'https://github.com/longshore/longshore/blob/main/'

/** Links of READMEs into the repository, which are whole because they are shown on npm, too. */
const repositoryLink = /^https:\/\/github\.com\/longshore\/longshore\/(?:blob|tree)\/main\/(.*)$/

const docs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' }).filter(path =>
  path.endsWith('.md'),
)

export const pages = new Map([
  ...docs.map(path => [`docs/${path}`, path]),
  ['packages/middleware-core/README.md', 'reference/middleware-core.md'],
  ['packages/s3-driver/README.md', 'reference/s3-driver.md'],
  ['packages/middleware-cloudfront/README.md', 'reference/middleware-cloudfront.md'],
  ['examples/registry/README.md', 'reference/registry.md'],
  ['examples/aws/README.md', 'reference/aws-templates.md'],
  ['test/local-cloud/README.md', 'reference/local-cloud.md'],
])

const sources = new Map([...pages].map(([source, page]) => [page, source]))

/**
 * A link of a page as the site needs it: to another page of the site, or else to the repository. Throws where neither has
 * the target. Links with a scheme and links within the page stay as they are.
 */
export function siteLink(page, href) {
  const source = sources.get(page)
  const fromTop = repositoryLink.exec(href)?.[1]
  if (!source || (fromTop === undefined && /^([a-z][a-z0-9+.-]*:|#|\/)/i.test(href))) return href
  const [path, anchor] = (fromTop ?? href).split('#')
  const target = join(fromTop === undefined ? dirname(source) : '', decodeURI(path)).replace(/\/$/, '')
  const suffix = anchor ? `#${anchor}` : ''
  const linked = pages.get(target) ?? pages.get(`${target}/README.md`)
  if (linked) return `/${linked}${suffix}`
  if (!existsSync(join(repository, target))) throw new Error(`${source}: links to ${href}, which is not there`)
  return REPOSITORY_URL + target + suffix
}
