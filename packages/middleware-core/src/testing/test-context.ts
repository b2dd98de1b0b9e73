import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { FileWriter, ReadOptions, StorageDriver, WriteOptions } from '../contract/index.ts'
import { root } from '../contract/paths.ts'
import { ForwardingDriver } from '../middleware/forwarding-driver.ts'
import { assertFails, exists, write } from './assertions.ts'
import type { Settings } from './options.ts'

const tomorrow = (): Date => new Date(Date.now() + 86_400_000)

/**
 * Directory in which one test works, with the driver under test. It is its own, which is empty at first and empty again afterwards. Its functions may be
 * taken out of it, so that a test names only what it uses.
 */
export class TestContext {
  /** The driver under test. */
  readonly driver: StorageDriver
  /** The test's own directory. It does not exist until something is put there. */
  readonly directory = `/conformance-${randomUUID()}`
  readonly #create: Settings['create']
  readonly #drivers: StorageDriver[]
  /** Readers that a test has opened: one that failed may leave some behind. */
  readonly #readers: Readable[] = []

  private constructor(driver: StorageDriver, create: Settings['create']) {
    this.driver = new ReaderTracker(driver, this.#readers)
    this.#create = create
    this.#drivers = [driver]
  }

  /** Runs a test in a context of its own and cleans up, whether it passes or not. */
  static async run(settings: Settings, test: (context: TestContext) => Promise<void>): Promise<void> {
    const context = new TestContext(await settings.create(), settings.create)
    let passed = false
    try {
      await test(context)
      passed = true
    } finally {
      // A clean-up that fails after a failed test must not hide why the test failed.
      await context.#end(settings.exclusive).catch((error: unknown) => {
        if (passed) throw error
      })
    }
  }

  /** The path of `name`, which may hold slashes, in the directory. */
  readonly at = (name: string): string => `${this.directory}/${name}`

  /** Another driver on the same storage, as another process would have it. */
  readonly another = async (): Promise<StorageDriver> => {
    const driver = await this.#create()
    this.#drivers.push(driver)
    return driver
  }

  /** Puts files in place whose content is their own name, one after another. */
  readonly fill = async (names: readonly string[]): Promise<void> => {
    for (const name of names) await this.driver.putContent(this.at(name), name)
  }

  /** Leaves a closed upload of these bytes behind. */
  readonly leaveUpload = async (
    name: string,
    content: Uint8Array | string,
    options: WriteOptions = {},
  ): Promise<void> => {
    const writer = await this.openWriter(name, content, options)
    await writer.close()
  }

  /** A writer that has taken over these bytes. */
  readonly openWriter = async (
    name: string,
    content: Uint8Array | string,
    options: WriteOptions = {},
  ): Promise<FileWriter> => {
    const writer = await this.driver.writer(this.at(name), options)
    await write(writer, content)
    return writer
  }

  /** Fails unless no upload is left anywhere in the directory. Those that are there are discarded. */
  readonly assertNoUploads = async (): Promise<void> => {
    assert.deepEqual(await this.driver.purgeUploads({ path: this.directory, olderThan: tomorrow() }), { uploads: 0 })
  }

  /** Fails unless nothing at all can be seen at `name`, by any method. */
  readonly assertAbsent = async (name: string): Promise<void> => {
    const { driver } = this
    const path = this.at(name)
    const about = { driver, path }
    await assertFails(driver.stat(path), 'PATH_NOT_FOUND', about)
    await assertFails(driver.getContent(path), 'PATH_NOT_FOUND', about)
    await assertFails(driver.reader(path), 'PATH_NOT_FOUND', about)
    await assertFails(driver.list(path), 'PATH_NOT_FOUND', about)
    for await (const entry of driver.walk(this.directory)) {
      assert.ok(entry.path !== path && !entry.path.startsWith(`${path}/`), `walk shows ${entry.path}`)
    }
    const siblings = (await exists(driver.stat(this.directory))) ? await driver.list(this.directory) : []
    assert.ok(!siblings.includes(path), `list shows ${path}`)
  }

  /** Removes what a test left, so that it fails this test and no later one. */
  async #assertEmpty(): Promise<void> {
    const left = await this.driver.list(root)
    for (const path of left) await exists(this.driver.delete(path))
    assert.deepEqual(left, [], 'the test leaves something in the storage')
  }

  async #end(exclusive: boolean): Promise<void> {
    try {
      await this.driver.purgeUploads({ path: this.directory, olderThan: tomorrow() })
      await exists(this.driver.delete(this.directory))
      if (exclusive) await this.#assertEmpty()
    } finally {
      for (const reader of this.#readers) reader.destroy()
      for (const driver of this.#drivers) await driver[Symbol.asyncDispose]()
    }
  }
}

/** Notes the readers that it gives: an error that nobody hears any more must not end the process. */
class ReaderTracker extends ForwardingDriver {
  readonly #readers: Readable[]

  constructor(inner: StorageDriver, readers: Readable[]) {
    super(inner)
    this.#readers = readers
  }

  override async reader(path: string, options?: ReadOptions): Promise<Readable> {
    const reader = await super.reader(path, options)
    reader.on('error', () => {})
    this.#readers.push(reader)
    return reader
  }
}
