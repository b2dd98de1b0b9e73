import { afterAll, beforeAll, describe, it } from '@jest/globals'
import { allCapabilities, testDriver } from '@longshore/middleware-core/testing'
import { type LocalCloud, driverOn, startLocalCloud } from './cloud.ts'

let cloud: LocalCloud

beforeAll(async () => {
  cloud = await startLocalCloud()
})
afterAll(() => cloud.close())

testDriver(
  { describe, it },
  {
    name: 's3 with a root directory',
    create: () => driverOn(cloud, { rootDirectory: '/nested/root/' }),
    capabilities: allCapabilities,
    chunkSizes: [32],
    manyFiles: 5,
    exclusive: true,
    fetch,
    fuzz: { seeds: [4] },
  },
)
