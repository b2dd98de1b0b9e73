import { testAppend } from './contract/append.ts'
import { testConcurrency } from './contract/concurrency.ts'
import { testContent } from './contract/content.ts'
import { testDelete } from './contract/delete.ts'
import { testDestination } from './contract/destination.ts'
import { testDisposal } from './contract/disposal.ts'
import { testErrors } from './contract/errors.ts'
import { testFileOnly } from './contract/file-only.ts'
import { testList } from './contract/list.ts'
import { testMany } from './contract/many.ts'
import { testMove } from './contract/move.ts'
import { testPaths } from './contract/paths.ts'
import { testReader } from './contract/reader.ts'
import { testRevision } from './contract/revision.ts'
import { testSamePath } from './contract/same-path.ts'
import { testSignals } from './contract/signals.ts'
import { testStat } from './contract/stat.ts'
import { testPurgeUploads } from './contract/purge-uploads.ts'
import { testUploadRevision } from './contract/upload-revision.ts'
import { testUrl } from './contract/url.ts'
import { testVisibility } from './contract/visibility.ts'
import { testWalk } from './contract/walk.ts'
import { testWriter } from './contract/writer.ts'
import { testRandomOperations } from './fuzz/fuzz.ts'
import { type DriverTestOptions, type TestRunner, settingsOf } from './options.ts'
import { Sandbox } from './sandbox.ts'
import type { DeclareTest, Section } from './section.ts'

const sections: Record<string, Section> = {
  paths: testPaths,
  content: testContent,
  reader: testReader,
  writer: testWriter,
  visibility: testVisibility,
  append: testAppend,
  'writers on one path': testSamePath,
  destination: testDestination,
  'revision of an upload': testUploadRevision,
  stat: testStat,
  list: testList,
  walk: testWalk,
  move: testMove,
  revision: testRevision,
  delete: testDelete,
  'file only': testFileOnly,
  'many files': testMany,
  urlFor: testUrl,
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
 * import { testDriver } from '@longshore/middleware-core/testing'
 *
 * testDriver({ describe, it }, { name: 'mine', create: () => mine({ bucket: 'test' }) })
 * ```
 *
 * Each test works in a directory of its own, depends on no other, and removes what it stored.
 */
export function testDriver(runner: TestRunner, options: DriverTestOptions): void {
  const settings = settingsOf(options)
  const test: DeclareTest = (name, run) => {
    runner.it(name, () => Sandbox.run(settings, run))
  }
  runner.describe(`${options.name} keeps the storage contract`, () => {
    for (const [name, section] of Object.entries(sections)) runner.describe(name, () => section(test, settings))
  })
}
