import { testAppend } from './contract/append.ts'
import { testArguments } from './contract/arguments.ts'
import { testCapabilities } from './contract/capabilities.ts'
import { testConcurrency } from './contract/concurrency.ts'
import { testConditions } from './contract/conditions.ts'
import { testContent } from './contract/content.ts'
import { testDelete } from './contract/delete.ts'
import { testDestination } from './contract/destination.ts'
import { testDirectUploads } from './contract/direct-uploads.ts'
import { testDisposal } from './contract/disposal.ts'
import { testErrors } from './contract/errors.ts'
import { testFileOnly } from './contract/file-only.ts'
import { testList } from './contract/list.ts'
import { testBulk } from './contract/bulk.ts'
import { testMetadata } from './contract/metadata.ts'
import { testMove } from './contract/move.ts'
import { testNames } from './contract/names.ts'
import { testPaths } from './contract/paths.ts'
import { testPutStream } from './contract/put-stream.ts'
import { testRange } from './contract/range.ts'
import { testReader } from './contract/reader.ts'
import { testRevision } from './contract/revision.ts'
import { testSamePath } from './contract/same-path.ts'
import { testSignals } from './contract/signals.ts'
import { testStat } from './contract/stat.ts'
import { testPurgeUploads } from './contract/purge-uploads.ts'
import { testUploadRevision } from './contract/upload-revision.ts'
import { testUploadUrls } from './contract/upload-urls.ts'
import { testUrl } from './contract/url.ts'
import { testVisibility } from './contract/visibility.ts'
import { testWalk } from './contract/walk.ts'
import { testWriter } from './contract/writer.ts'
import { testRandomOperations } from './fuzz/fuzz.ts'
import { type DriverTestOptions, type TestRunner, settingsOf } from './options.ts'
import { TestContext } from './test-context.ts'
import type { DeclareTest, ContractSection } from './contract-section.ts'

const sections: Record<string, ContractSection> = {
  capabilities: testCapabilities,
  paths: testPaths,
  names: testNames,
  arguments: testArguments,
  content: testContent,
  reader: testReader,
  range: testRange,
  writer: testWriter,
  visibility: testVisibility,
  append: testAppend,
  'writers on one path': testSamePath,
  destination: testDestination,
  putStream: testPutStream,
  metadata: testMetadata,
  conditions: testConditions,
  'revision of an upload': testUploadRevision,
  stat: testStat,
  list: testList,
  walk: testWalk,
  move: testMove,
  revision: testRevision,
  delete: testDelete,
  'file only': testFileOnly,
  'many files': testBulk,
  urlFor: testUrl,
  'upload URLs': testUploadUrls,
  'direct uploads': testDirectUploads,
  purgeUploads: testPurgeUploads,
  errors: testErrors,
  signals: testSignals,
  disposal: testDisposal,
  concurrency: testConcurrency,
  'random operations': testRandomOperations,
}

/**
 * Declares the tests that every driver must pass, and every middleware around one:
 *
 * ```ts
 * import { describe, it } from 'node:test'
 * import { findCapabilities, testDriver } from '@longshore/middleware-core/testing'
 *
 * const create = () => mine({ bucket: 'test' })
 * testDriver({ describe, it }, { name: 'mine', create, capabilities: await findCapabilities(create) })
 * ```
 *
 * Each test works in a directory of its own, depends on no other, and removes what it stored. What the driver declares is
 * demanded; what it does not declare is reported as skipped, and has to be refused.
 */
export function testDriver(runner: TestRunner, options: DriverTestOptions): void {
  const settings = settingsOf(options)
  const test: DeclareTest = (name, run, ...needs) => {
    const missing = needs.find(capability => !settings.capabilities[capability])
    const body = (): Promise<void> => TestContext.run(settings, run)
    if (missing === undefined) runner.it(name, body)
    else runner.it.skip?.(`${name} (no ${missing})`, body)
  }
  runner.describe(`${options.name} keeps the storage contract`, () => {
    for (const [name, section] of Object.entries(sections)) runner.describe(name, () => section(test, settings))
  })
}
