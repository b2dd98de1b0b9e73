import { afterAll, beforeAll, describe, it } from '@jest/globals'
import {
  type DriverTestOptions,
  type SettledCapabilities,
  type TestRunner,
  allCapabilities,
  testDriver,
} from '@longshore/middleware-core/testing'
import { s3 } from '@longshore/s3-driver'
import { describeWithOptional } from './src/programs.ts'
import { type S3Program, type S3Server, minio, startS3Server, versitygw } from './src/s3-server.ts'

const part = 5 * 1024 * 1024

const breadth: Omit<DriverTestOptions, 'name' | 'create'> = {
  chunkSizes: [32, part + 1],
  largeFile: 2 * part + 1,
  manyFiles: 1005,
  fuzz: { seeds: [1], operations: 60, sizes: [0, 1, 100, part, part + 1] },
}

interface TestedServer {
  program: S3Program
  /** Capabilities that the driver finds there by itself: it is given an address and a key, and no option for a server's sake. */
  capabilities: SettledCapabilities
  /** Titles of tests that fail by the server's own fault, and that are red when it has mended. */
  failing: readonly RegExp[]
}

const servers: TestedServer[] = [
  {
    program: versitygw,
    capabilities: allCapabilities,
    failing: [
      // A presigned URL is checked as if its payload were unsigned (1.8.0), so that one that signs a SHA-256 is 403.
      /^store a file, of any name, once it is sent$/,
      /^of \d+ bytes are committed by another process, with nothing to be seen before$/,
      /^are not committed before they are complete, and stay as they are$/,
      /^go to their destination with their metadata$/,
      /^that nobody finishes are purged, and no writer continues them$/,
      // A name over 255 bytes is 409 ExistingObjectIsDirectory.
      /^that are long are kept, or refused before anything is stored$/,
    ],
  },
  // If-Match on DeleteObject is left out in silence.
  { program: minio, capabilities: { ...allCapabilities, deleteIfRevision: false }, failing: [] },
]

/** `it` of jest, with the server's own faults told apart. */
function itWith(failing: readonly RegExp[]): TestRunner['it'] {
  const declare = (name: string, test: () => Promise<void>): void => {
    if (failing.some(title => title.test(name))) it.failing(name, test)
    else it(name, test)
  }
  return Object.assign(declare, { skip: it.skip })
}

for (const { program, capabilities, failing } of servers) {
  describeWithOptional(program, `S3 driver on ${program.command}`, () => {
    let server: S3Server

    beforeAll(async () => {
      server = await startS3Server(program)
      await server.createBucket('conformance')
    })
    afterAll(async () => await server[Symbol.asyncDispose]())

    testDriver(
      { describe, it: itWith(failing) },
      {
        name: 'S3 driver',
        create: () =>
          s3({
            regionEndpoint: server.endpoint,
            accessKey: server.owner.accessKeyId,
            secretKey: server.owner.secretAccessKey,
            bucket: 'conformance',
            chunkSize: part,
          }),
        capabilities,
        fetch,
        exclusive: true,
        ...breadth,
      },
    )
  })
}
