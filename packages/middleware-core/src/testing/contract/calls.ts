import type { CallOptions, StorageDriver } from '../../contract/index.ts'
import { collect } from '../assertions.ts'

/** One way to call a driver with a path, for the rules that all calls share. */
export interface ContractCall {
  /** Name in the titles of tests. */
  readonly name: string
  /** True where the root is a legal path for it. */
  readonly acceptsRoot?: true
  /** True where it rejects with `PATH_NOT_FOUND` when nothing is at the path. */
  readonly needsPath?: true
  /** `elsewhere` is a legal path where nothing is. */
  readonly run: (driver: StorageDriver, path: string, elsewhere: string, options?: CallOptions) => Promise<unknown>
}

/** Every method of the contract, and each of its parameters that takes a path. */
export const calls: readonly ContractCall[] = [
  { name: 'getContent', needsPath: true, run: (driver, path, _, options) => driver.getContent(path, options) },
  { name: 'putContent', run: (driver, path, _, options) => driver.putContent(path, 'content', options) },
  { name: 'reader', needsPath: true, run: (driver, path, _, options) => driver.reader(path, options) },
  {
    name: 'reader at an offset',
    needsPath: true,
    run: (driver, path, _, options) => driver.reader(path, { ...options, offset: 64 }),
  },
  { name: 'writer', run: (driver, path, _, options) => driver.writer(path, options) },
  {
    name: 'writer with append',
    needsPath: true,
    run: (driver, path, _, options) => driver.writer(path, { ...options, append: true }),
  },
  {
    name: 'stat',
    acceptsRoot: true,
    needsPath: true,
    run: (driver, path, _, options) => driver.stat(path, options),
  },
  {
    name: 'stat of a file only',
    acceptsRoot: true,
    needsPath: true,
    run: (driver, path, _, options) => driver.stat(path, { ...options, fileOnly: true }),
  },
  {
    name: 'list',
    acceptsRoot: true,
    needsPath: true,
    run: (driver, path, _, options) => driver.list(path, options),
  },
  { name: 'walk', acceptsRoot: true, run: (driver, path, _, options) => collect(driver.walk(path, options)) },
  {
    name: 'move from',
    needsPath: true,
    run: (driver, path, elsewhere, options) => driver.move(path, elsewhere, options),
  },
  { name: 'delete', needsPath: true, run: (driver, path, _, options) => driver.delete(path, options) },
  {
    name: 'delete of a file only',
    run: (driver, path, _, options) => driver.delete(path, { ...options, fileOnly: true }),
  },
  { name: 'urlFor', run: (driver, path, _, options) => driver.urlFor(path, options) },
  {
    name: 'purgeUploads',
    acceptsRoot: true,
    run: (driver, path, _, options) => driver.purgeUploads({ ...options, path, olderThan: new Date(0) }),
  },
]
