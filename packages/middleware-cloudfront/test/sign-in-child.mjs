// The middleware in a process of its own: prints the URLs of the paths in its arguments. It needs the build.
import { compose, inmemory } from '@longshore/middleware-core'
import { cloudfront } from '@longshore/middleware-cloudfront'

const [options, ...paths] = process.argv.slice(2)
const storage = compose(inmemory({}), cloudfront(JSON.parse(options)))
for (const path of paths) console.log((await storage.urlFor(path)).url)
