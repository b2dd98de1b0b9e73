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
    name: 's3',
    create: () => driverOn(cloud),
    capabilities: allCapabilities,
    chunkSizes: [32],
    manyFiles: 5,
    exclusive: true,
    fetch,
    fuzz: { seeds: [1], operations: 30 },
  },
)
