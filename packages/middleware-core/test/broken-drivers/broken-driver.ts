import { expect, it } from '@jest/globals'
import type { DriverImplementation } from '../../src/authoring/driver-implementation.ts'
import {
  type Capabilities,
  type FileInfo,
  type FileWriter,
  type StatOptions,
  type StorageDriver,
  type WriteOptions,
  type WriteResult,
  pathNotFound,
  undefinedIfNotFound,
} from '../../src/contract/index.ts'
import type { Upload } from '../../src/authoring/upload.ts'
import { driverFrom } from '../../src/authoring/base-driver.ts'
import { InMemoryDriver } from '../../src/drivers/inmemory/driver.ts'
import { inmemory } from '../../src/drivers/inmemory/index.ts'
import {
  type DriverTestOptions,
  type SettledCapabilities,
  type TestResult,
  type TestRunner,
  runTests,
  testDriver,
} from '../../src/testing/index.ts'

/** Members of a type, where a method need not tell what it wrote. */
export type Changes<T> = {
  [Name in keyof T]?: T[Name] extends (...args: infer Args) => Promise<WriteResult>
    ? (...args: Args) => Promise<WriteResult | void>
    : T[Name]
}

/** Implementation whose `stat` gives undefined for what is not there: defects are shorter to write so. */
export interface Storage extends Omit<DriverImplementation, 'stat'> {
  stat(path: string, options: StatOptions): Promise<FileInfo | undefined>
}

/** Flaw of a driver. */
export interface Flaw {
  /** Changes to the driver. Called for each driver on the storage. */
  readonly driver?: (driver: StorageDriver) => Changes<StorageDriver>
  /** Changes to the storage below it. Called once. */
  readonly storage?: (storage: Storage) => Changes<Storage>
  /** Capabilities that the driver declares beyond, or without, those of the in-memory driver. */
  readonly capabilities?: Partial<Capabilities>
  /** Options of the suite beyond the usual. */
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
export async function resultsOf(
  { driver, storage, capabilities, options }: Flaw,
  only?: string,
): Promise<TestResult[]> {
  const whole = new InMemoryDriver()
  const shared = storage ? flawed(whole, storage) : whole
  const create = (): StorageDriver => {
    const sound = driverFrom('inmemory', shared, { ...capabilitiesOfMemory, ...capabilities })
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
        capabilities: {
          ...(capabilitiesOfMemory as SettledCapabilities),
          ...(capabilities as Partial<SettledCapabilities>),
        },
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
  return (await resultsOf(flaw, only)).filter(result => result.status === 'failed').map(result => result.name)
}

/** Declares one test a defect: the suite must catch it, in the test that is meant to. */
export function itCatches(defects: readonly Defect[]): void {
  it.each(defects)('$name', async defect => {
    const [group] = defect.caughtBy.split(' > ')
    expect(await failuresOf(defect, group)).toContain(defect.caughtBy)
  })
}

const capabilitiesOfMemory = inmemory().capabilities

function flawed(whole: DriverImplementation, flaw: (storage: Storage) => Changes<Storage>): DriverImplementation {
  const storage: Storage = changed<Storage>(whole, {
    stat: (path, options) => undefinedIfNotFound(whole.stat(path, options)),
  })
  const { stat, ...changes } = flaw(storage)
  const throwing = async (path: string, options: StatOptions): Promise<FileInfo> => {
    const info = await stat?.(path, options)
    if (!info) throw pathNotFound(path)
    return info
  }
  return changed<DriverImplementation>(whole, { ...changes, ...(stat ? { stat: throwing } : {}) })
}

/** Uploads that do some things differently. */
export function changedUploads(
  storage: Pick<DriverImplementation, 'writer'>,
  changes: (upload: Upload, path: string, destination: string) => Changes<Upload>,
): Pick<DriverImplementation, 'writer'> {
  return {
    writer: async (path, options) => {
      const upload = await storage.writer(path, options)
      return changed(upload, changes(upload, path, options.destination ?? path))
    },
  }
}

/** Writers that do some things differently. */
export function changedWriters(
  driver: StorageDriver,
  changes: (writer: FileWriter, path: string, options: WriteOptions) => Changes<FileWriter>,
): Pick<StorageDriver, 'writer'> {
  return {
    writer: async (path, options = {}) => {
      const writer = await driver.writer(path, options)
      return changed(writer, changes(writer, path, options))
    },
  }
}

/** `target` with other members in some places. Its own methods keep seeing the real one. */
function changed<T extends object>(target: object, changes: Changes<T>): T {
  return new Proxy(target as T, {
    get: (_, key) => {
      if (key in changes) return Reflect.get(changes, key) as unknown
      const member: unknown = Reflect.get(target, key)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}
