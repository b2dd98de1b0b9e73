import { cloudfront } from '@longshore/middleware-cloudfront'
import { compose } from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { findCloud } from './cloud.ts'

await using cloud = await findCloud()
await using storage = compose(s3(cloud.bucket), cloudfront(cloud.distribution))

const [path = '/hello.txt'] = process.argv.slice(2)
if (cloud.isLocal) await storage.putContent(path, 'Hello from the edge!\n')
const pull = await storage.urlFor(path, { expiresIn: 600 })
console.log(pull?.url)

// The local cloud ends with this program, so it shows here what the URL gives. A real one works wherever it is sent to.
if (cloud.isLocal && pull) console.log(await (await fetch(pull.url)).text())
