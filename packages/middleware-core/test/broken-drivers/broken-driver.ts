import type { DriverImplementation } from '../../src/driver-implementation.ts'
import type { FileWriter, StorageDriver } from '../../src/driver.ts'
import type { Upload } from '../../src/file-writer.ts'
import { driverFrom } from '../../src/define-driver.ts'
import { InMemoryStorage } from '../../src/drivers/inmemory.ts'
import { type DriverTestOptions, type TestResult, runTests, testDriver } from '../../src/testing/index.ts'

/** One thing that a driver does wrong. */
export interface Defect {
  /** What the driver does, to go after "a driver that". */
  readonly name: string
  /** The test that must fail, with its group. */
  readonly caughtBy: string
  /** What is wrong about the driver. Called for each driver on the storage. */
  driver?(driver: StorageDriver): Partial<StorageDriver>
  /** What is wrong about the storage below it. Called once. */
  storage?(storage: DriverImplementation): Partial<DriverImplementation>
  /** What the suite is told beyond the usual. */
  readonly options?: Partial<DriverTestOptions>
}

const group = 'broken keeps the storage contract > '

/** How the suite's tests go for the in-memory driver with a defect. */
export async function resultsOf({ driver, storage, options }: Omit<Defect, 'name' | 'caughtBy'>): Promise<TestResult[]> {
  const whole = new InMemoryStorage()
  const shared = storage ? changed<DriverImplementation>(whole, storage(whole)) : whole
  const create = (): StorageDriver => {
    const sound = driverFrom('inmemory', shared)
    return driver ? changed(sound, driver(sound)) : sound
  }
  const results = await runTests(runner =>
    testDriver(runner, {
      name: 'broken',
      create,
      chunkSizes: [32],
      largeFile: 150_000,
      manyFiles: 5,
      fuzz: { seeds: [] },
      ...options,
    }),
  )
  return results.map(result => ({ ...result, name: result.name.replace(group, '') }))
}

/** The names of the tests that fail. */
export async function failuresOf(defect: Omit<Defect, 'name' | 'caughtBy'>): Promise<string[]> {
  return (await resultsOf(defect)).filter(result => !result.passed).map(result => result.name)
}

/** Uploads that do some things differently. */
export function changedUploads(
  storage: DriverImplementation,
  changes: (upload: Upload, path: string) => Partial<Upload>,
): Partial<DriverImplementation> {
  return {
    upload: async (path, append, options) => {
      const upload = await storage.upload(path, append, options)
      return changed(upload, changes(upload, path))
    },
  }
}

/** Writers that do some things differently. */
export function changedWriters(
  driver: StorageDriver,
  changes: (writer: FileWriter, path: string) => Partial<FileWriter>,
): Partial<StorageDriver> {
  return {
    writer: async (path, options) => {
      const writer = await driver.writer(path, options)
      return changed(writer, changes(writer, path))
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
