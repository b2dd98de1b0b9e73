import { expect, it } from '@jest/globals'
import type { DriverImplementation } from '../../src/authoring/driver-implementation.ts'
import type { FileWriter, StorageDriver, WriteOptions } from '../../src/contract/index.ts'
import type { Upload } from '../../src/authoring/upload.ts'
import { driverFrom } from '../../src/authoring/base-driver.ts'
import { InMemoryDriver } from '../../src/drivers/inmemory/driver.ts'
import {
  type DriverTestOptions,
  type TestResult,
  type TestRunner,
  runTests,
  testDriver,
} from '../../src/testing/index.ts'

/** What is wrong with a driver. */
export interface Flaw {
  /** What is wrong about the driver. Called for each driver on the storage. */
  readonly driver?: (driver: StorageDriver) => Partial<StorageDriver>
  /** What is wrong about the storage below it. Called once. */
  readonly storage?: (storage: DriverImplementation) => Partial<DriverImplementation>
  /** What the suite is told beyond the usual. */
  readonly options?: Partial<DriverTestOptions>
}

/** A flaw that one test of the suite is there for. */
export interface Defect extends Flaw {
  /** What the driver does, to go after "a driver that". */
  readonly name: string
  /** The test that must fail, with its group. */
  readonly caughtBy: string
}

const suite = 'broken keeps the storage contract'

/** How the suite's tests go for the in-memory driver with a defect: all of them, or one group's. */
export async function resultsOf({ driver, storage, options }: Flaw, only?: string): Promise<TestResult[]> {
  const whole = new InMemoryDriver()
  const shared = storage ? changed<DriverImplementation>(whole, storage(whole)) : whole
  const create = (): StorageDriver => {
    const sound = driverFrom('inmemory', shared)
    return driver ? changed(sound, driver(sound)) : sound
  }
  const results = await runTests(({ describe, it }) => {
    const describeSome: TestRunner['describe'] = (name, define) => {
      if (only === undefined || name === only || name === suite) describe(name, define)
    }
    testDriver(
      { describe: describeSome, it },
      {
        name: 'broken',
        create,
        chunkSizes: [32],
        largeFile: 150_000,
        manyFiles: 5,
        fuzz: { seeds: [] },
        ...options,
      },
    )
  })
  return results.map(result => ({ ...result, name: result.name.replace(`${suite} > `, '') }))
}

/** The names of the tests that fail. */
export async function failuresOf(flaw: Flaw, only?: string): Promise<string[]> {
  return (await resultsOf(flaw, only)).filter(result => !result.passed).map(result => result.name)
}

/** Declares one test a defect: the suite must catch it, in the test that is meant to. */
export function itCatches(defects: readonly Defect[]): void {
  it.each(defects)('$name', async defect => {
    const [group] = defect.caughtBy.split(' > ')
    expect(await failuresOf(defect, group)).toContain(defect.caughtBy)
  })
}

/** Uploads that do some things differently. */
export function changedUploads(
  storage: Pick<DriverImplementation, 'writer'>,
  changes: (upload: Upload, path: string, destination: string) => Partial<Upload>,
): Partial<DriverImplementation> {
  return {
    writer: async (path, append, options) => {
      const upload = await storage.writer(path, append, options)
      return changed(upload, changes(upload, path, options.destination ?? path))
    },
  }
}

/** Writers that do some things differently. */
export function changedWriters(
  driver: StorageDriver,
  changes: (writer: FileWriter, path: string, options: WriteOptions) => Partial<FileWriter>,
): Partial<StorageDriver> {
  return {
    writer: async (path, options = {}) => {
      const writer = await driver.writer(path, options)
      return changed(writer, changes(writer, path, options))
    },
  }
}

/** `target` with other members in some places. Its own methods keep seeing the real one. */
function changed<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get: (_, key) => {
      if (key in changes) return Reflect.get(changes, key) as unknown
      const member: unknown = Reflect.get(target, key)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}
