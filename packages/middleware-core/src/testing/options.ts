import { noCapabilities } from '../contract/capabilities.ts'
import type { StorageDriver } from '../contract/storage-driver.ts'
import type { SettledCapabilities } from './capabilities.ts'

/** Functions of a test runner that the suite uses: those of jest, vitest and node:test fit. */
export interface TestRunner {
  describe: (name: string, define: () => void) => unknown
  it: ((name: string, test: () => Promise<void>) => unknown) & {
    /** Declares a test that is not run, because the driver lacks a capability. Without it such tests are left out. */
    skip?: ((name: string, test: () => Promise<void>) => unknown) | undefined
  }
}

/** Description of the driver under test. */
export interface DriverTestOptions {
  /** Name that the tests are grouped under. */
  name: string
  /**
   * A driver on the storage under test. Each call stands for another process: the drivers share that storage and nothing
   * else. The suite disposes of each.
   */
  create: () => StorageDriver | Promise<StorageDriver>
  /**
   * Abilities that are demanded of the driver; all others are skipped, and must be refused. Default: none. A test fails
   * unless the driver declares the same, so `findCapabilities` is the way to get them.
   */
  capabilities?: Partial<SettledCapabilities> | undefined
  /**
   * Sizes in bytes of what is written between two closes of an upload, each tried by itself. Name those at which the
   * driver changes its ways: one below, one at and one above a part. Default: 32 and 100,000.
   */
  chunkSizes?: readonly number[] | undefined
  /** Bytes of the largest file, which streams and concurrent writers are tried with. Default: 1 MiB. */
  largeFile?: number | undefined
  /** Files in the largest directory. Take more than the storage lists or deletes at once. Default: 50. */
  manyFiles?: number | undefined
  /**
   * Function that fetches a signed URL: usually the global `fetch`. With it every file must have a URL that works; without it only
   * the URL's form is checked.
   */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
  /**
   * The storage is empty, nobody else uses it, and tests run one after another: then the root must be empty after each.
   * Default: false, so that tests may run in parallel and in a storage that holds other things.
   */
  exclusive?: boolean | undefined
  /** Random sequences of operations that are compared with the in-memory driver. */
  fuzz?: FuzzOptions | undefined
}

/** Extent of fuzzing. The same seed gives the same operations on every machine. */
export interface FuzzOptions {
  /** Seeds, with one test each. None: no fuzzing. Default: 1, 2, 3 and 4. */
  seeds?: readonly number[] | undefined
  /** Operations a test. Default: 100. */
  operations?: number | undefined
  /** Sizes in bytes to choose from for contents and chunks. Default: 0, 1, 7, 32 and 100. */
  sizes?: readonly number[] | undefined
}

/** The options with their defaults filled in. */
export interface Settings extends Pick<DriverTestOptions, 'create' | 'fetch'> {
  readonly capabilities: SettledCapabilities
  readonly chunkSizes: readonly number[]
  readonly largeFile: number
  readonly manyFiles: number
  readonly exclusive: boolean
  readonly fuzz: { readonly seeds: readonly number[]; readonly operations: number; readonly sizes: readonly number[] }
}

/** Fills in the defaults. */
export function settingsOf(options: DriverTestOptions): Settings {
  const { create, chunkSizes = [32, 100_000], largeFile = 1 << 20, manyFiles = 50, exclusive = false } = options
  const { seeds = [1, 2, 3, 4], operations = 100, sizes = [0, 1, 7, 32, 100] } = options.fuzz ?? {}
  return {
    create,
    capabilities: { ...(noCapabilities as SettledCapabilities), ...options.capabilities },
    chunkSizes,
    largeFile,
    manyFiles,
    exclusive,
    fetch: options.fetch,
    fuzz: { seeds, operations, sizes },
  }
}
