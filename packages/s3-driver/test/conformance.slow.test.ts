import { afterAll, beforeAll, describe, it } from '@jest/globals'
import { allCapabilities, testDriver } from '@longshore/middleware-core/testing'
import { type LocalCloud, driverOn, mebibyte, startLocalCloud } from './cloud.ts'

let cloud: LocalCloud

beforeAll(async () => {
  cloud = await startLocalCloud()
})
afterAll(() => cloud.close())

const part = 5 * mebibyte

testDriver(
  { describe, it },
  {
    name: 's3',
    create: () => driverOn(cloud),
    capabilities: allCapabilities,
    chunkSizes: [part + 1],
    largeFile: 2 * part + 1,
    manyFiles: 1005,
    exclusive: true,
    fetch,
    fuzz: { seeds: [1], operations: 30, sizes: [0, 1, 100, part, part + 1] },
  },
)
