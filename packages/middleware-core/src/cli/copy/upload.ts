import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { abortable } from '../../authoring/abort.ts'
import { StorageError, isStorageError, undefinedIfNotFound } from '../../contract/errors.ts'
import type { FileWriter } from '../../contract/file-writer.ts'
import type { NewFileMetadata } from '../../contract/metadata.ts'
import { childPath, parentPath, root } from '../../contract/paths.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import type { Copied, CopyRun } from './copied.ts'
import { Digest } from './digest.ts'
import type { Source } from './source.ts'
import { wrongLength } from './storage-source.ts'
import type { UploadRecord, UploadRecords } from './upload-record.ts'

/** Files up to this size are sent in one go: to begin again costs less than to remember. Bytes. */
const MAX_ONE_GO = 16 << 20

/** Milliseconds that storing an interrupted upload may take. */
const GRACE_MS = 10_000

/** Longest directory, in bytes, in which an upload gets a path of its own: paths have a limit. */
const MAX_DIRECTORY = 512

/**
 * Copies a file into the storage.
 *
 * A larger one is an upload at a path of its own, with the target as its destination, so that nobody else's bytes can get
 * into it: what is found there later is the beginning of this source, as long as that is the same as its record says. An upload
 * that was closed is trusted by its revision; one that was interrupted harder is read again once it is in place.
 */
export async function upload(
  storage: StorageDriver,
  source: Source,
  target: string,
  run: CopyRun,
  records: UploadRecords,
): Promise<Copied> {
  const { identity } = source
  const isInOneGo = identity === undefined || source.size <= MAX_ONE_GO
  const problem = isInOneGo ? undefined : await records.problem()
  if (problem !== undefined) run.onNote(`cannot be continued if it is interrupted: ${problem}`)
  if (isInOneGo || problem !== undefined) {
    const { bytes, digest, revision } = await send(storage, source.name, readChecked(source, run.signal), target, run)
    return finish(storage, { source: source.name, target, bytes, digest, revision, isReadBack: run.verify }, run)
  }
  return new ResumableUpload(storage, source, target, run, records, identity).run()
}

/** Copies a stream of unknown length into the storage. */
export async function uploadStream(
  storage: StorageDriver,
  name: string,
  stream: Readable,
  target: string,
  run: CopyRun,
): Promise<Copied> {
  const { bytes, digest, revision } = await send(storage, name, stream, target, run)
  return finish(storage, { source: name, target, bytes, digest, revision, isReadBack: run.verify }, run)
}

/** The whole source; an error at its end where it has changed meanwhile, so that nothing is stored. */
async function* readChecked(source: Source, signal: AbortSignal): AsyncIterable<Uint8Array> {
  let bytes = 0
  for await (const chunk of await source.open(0, signal)) {
    bytes += chunk.length
    yield chunk
  }
  await source.assertUnchanged()
  if (bytes !== source.size) throw wrongLength(source.name, bytes, source.size)
}

interface Sent {
  readonly bytes: number
  readonly digest: Digest
  readonly revision: string | undefined
}

async function send(
  storage: StorageDriver,
  name: string,
  content: AsyncIterable<Uint8Array>,
  target: string,
  { signal, onBytes }: CopyRun,
): Promise<Sent> {
  const digest = new Digest()
  let bytes = 0
  async function* hashed(): AsyncIterable<Uint8Array> {
    for await (const chunk of content) {
      digest.update(chunk)
      bytes += chunk.length
      yield chunk
    }
    digest.assertNamedBy(name, target)
  }
  let told = 0
  const onProgress = (arrived: number): void => {
    onBytes(arrived - told)
    told = arrived
  }
  const options = { signal, onProgress, metadata: metadataFor(storage) }
  const { revision } = await storage.putStream(target, Readable.from(hashed(), { objectMode: false }), options)
  return { bytes, digest, revision }
}

function metadataFor(storage: StorageDriver): NewFileMetadata | undefined {
  return storage.capabilities.metadata === true ? { contentType: 'auto' } : undefined
}

/** Compares what arrived: its size and revision, and where it is asked for its bytes. */
async function finish(
  storage: StorageDriver,
  sent: Sent & { source: string; target: string; isReadBack: boolean; continuedAt?: number | undefined },
  { signal, onStage }: CopyRun,
): Promise<Copied> {
  const { source, target, bytes, digest, revision, isReadBack, continuedAt } = sent
  const info = await storage.stat(target, { signal, fileOnly: true })
  if (revision !== undefined && info.revision !== undefined && revision !== info.revision) {
    throw new StorageError('UNKNOWN', `another program has replaced ${target} since it was stored`, { path: target })
  }
  if (info.size !== bytes) throw wrongLength(target, info.size, bytes)
  if (isReadBack) {
    onStage('checking')
    const again = new Digest()
    for await (const chunk of await storage.reader(target, { ifRevision: info.revision, signal })) {
      again.update(chunk as Uint8Array)
    }
    if (again.hex !== digest.hex) {
      const detail = `${target} has other bytes than ${source}: its SHA-256 is ${again.hex}; expected: ${digest.hex}`
      throw new StorageError('UNKNOWN', detail, { path: target })
    }
  }
  return { source, destination: target, bytes, sha256: digest.hex, continuedAt, isReadBack }
}

/** Upload whose state is remembered, so that the same command continues it. */
class ResumableUpload {
  readonly #storage: StorageDriver
  readonly #source: Source
  readonly #target: string
  readonly #run: CopyRun
  readonly #records: UploadRecords
  readonly #identity: string

  constructor(
    storage: StorageDriver,
    source: Source,
    target: string,
    run: CopyRun,
    records: UploadRecords,
    identity: string,
  ) {
    this.#storage = storage
    this.#source = source
    this.#target = target
    this.#run = run
    this.#records = records
    this.#identity = identity
  }

  async run(): Promise<Copied> {
    const found = await this.#claim()
    const committed = found && (await this.#finishCommitted(found))
    if (committed) return committed
    const { record, writer } = await this.#open(found)
    const continuedAt = writer.size > 0 ? writer.size : undefined
    const digest = new Digest()
    try {
      await this.#hashPrefix(writer.size, digest)
      await this.#pump(writer, digest)
      await this.#assertRight(writer, digest)
      this.#run.onStage('finishing')
      const { revision } = await writer.commit({ signal: this.#run.signal })
      await this.#records.remove()
      return await this.#finish({
        digest,
        revision,
        continuedAt,
        isReadBack: this.#run.verify || record.isDoubtful === true,
      })
    } catch (error) {
      await this.#leave(writer, record)
      throw error
    }
  }

  /** The record of an earlier run, if the source still is the same. Otherwise what it has stored is discarded. */
  async #claim(): Promise<UploadRecord | undefined> {
    const found = await this.#records.claim()
    if (!found || found.identity === this.#identity) return found
    await this.#discard(found)
    return undefined
  }

  async #discard({ uploadPath }: UploadRecord): Promise<void> {
    try {
      const writer = await this.#storage.writer(uploadPath, { append: true, signal: this.#run.signal })
      await writer.cancel()
    } catch (error) {
      await this.#clearEnded(uploadPath, error)
    }
    await this.#records.remove()
  }

  /** Removes the file that an interrupted commit may have left where an upload is no more. Throws other errors than that. */
  async #clearEnded(uploadPath: string, error: unknown): Promise<void> {
    const { signal } = this.#run
    signal.throwIfAborted()
    if (isStorageError(error, 'ALREADY_COMMITTED')) await this.#storage.delete(uploadPath, { signal, fileOnly: true })
    else if (!isStorageError(error, 'PATH_NOT_FOUND', 'UPLOAD_NOT_FOUND')) throw error
  }

  /** Ends a commit that was interrupted when the upload's file was there, but not yet in its place. */
  async #finishCommitted({ uploadPath }: UploadRecord): Promise<Copied | undefined> {
    const { signal } = this.#run
    const info = await undefinedIfNotFound(this.#storage.stat(uploadPath, { signal, fileOnly: true }))
    if (!info || info.size !== this.#source.size) return undefined
    const digest = new Digest()
    await this.#hashPrefix(this.#source.size, digest)
    digest.assertNamedBy(this.#source.name, this.#target)
    await this.#source.assertUnchanged()
    await this.#storage.move(uploadPath, this.#target, { signal, size: info.size })
    await this.#records.remove()
    return this.#finish({ digest, revision: undefined, continuedAt: info.size, isReadBack: true })
  }

  async #open(found: UploadRecord | undefined): Promise<{ record: UploadRecord; writer: FileWriter }> {
    const destination = this.#target
    if (found) {
      const writer = await this.#continue(found)
      if (writer) {
        const { uploadPath, identity } = found
        const isKnown = writer.size === 0 || (writer.revision !== undefined && writer.revision === found.revision)
        // From here on bytes are added, and a crash leaves an upload without a revision.
        const record = { uploadPath, identity, isDoubtful: found.isDoubtful === true || !isKnown }
        await this.#records.save(record)
        return { record, writer }
      }
    }
    const record = { uploadPath: uploadPathFor(destination), identity: this.#identity }
    await this.#records.save(record)
    // Not the writer's own signal, which would destroy it: an interrupted one is closed.
    const options = { destination, metadata: metadataFor(this.#storage) }
    const writer = await abortable(this.#storage.writer(record.uploadPath, options), this.#run.signal)
    return { record, writer }
  }

  /** Gives undefined where nothing is left to continue, or more than there can be. */
  async #continue({ uploadPath }: UploadRecord): Promise<FileWriter | undefined> {
    const { signal } = this.#run
    try {
      const options = { append: true, destination: this.#target }
      const writer = await abortable(this.#storage.writer(uploadPath, options), signal)
      if (writer.size <= this.#source.size) return writer
      await writer.cancel()
    } catch (error) {
      await this.#clearEnded(uploadPath, error)
    }
    return undefined
  }

  /** Hashes the bytes that an earlier run has sent, from the source, which is the same. */
  async #hashPrefix(length: number, digest: Digest): Promise<void> {
    if (length === 0) return
    this.#run.onStage('reading what was sent')
    let left = length
    for await (const chunk of await this.#source.open(0, this.#run.signal)) {
      const bytes = chunk.subarray(0, left)
      digest.update(bytes)
      left -= bytes.length
      if (left === 0) break
    }
    this.#run.onContinued(length)
  }

  async #pump(writer: FileWriter, digest: Digest): Promise<void> {
    const { signal, onBytes } = this.#run
    if (writer.size === this.#source.size) return
    for await (const bytes of await this.#source.open(writer.size, signal)) {
      signal.throwIfAborted()
      if (writer.destroyed) throw writer.errored ?? new Error('the upload has ended')
      digest.update(bytes)
      if (!writer.write(bytes)) await abortable(once(writer, 'drain'), signal)
      onBytes(bytes.length)
    }
    signal.throwIfAborted()
  }

  /** Nothing is published of a source that has changed, or is not what its place says. */
  async #assertRight(writer: FileWriter, digest: Digest): Promise<void> {
    try {
      await this.#source.assertUnchanged()
      digest.assertNamedBy(this.#source.name, this.#target)
    } catch (error) {
      await writer.cancel()
      await this.#records.remove()
      throw error
    }
  }

  /** Stores what was sent, so that the same command continues it. One that is settled is left alone. */
  async #leave(writer: FileWriter, record: UploadRecord): Promise<void> {
    const closed = writer.close().then(
      () => writer.revision,
      () => undefined,
    )
    const revision = await Promise.race([closed, wait(GRACE_MS, undefined, { ref: false })])
    if (revision === undefined) writer.destroy()
    else await this.#records.save({ ...record, revision })
  }

  #finish(outcome: Omit<Sent, 'bytes'> & { continuedAt: number | undefined; isReadBack: boolean }): Promise<Copied> {
    const { name: source, size: bytes } = this.#source
    return finish(this.#storage, { ...outcome, source, target: this.#target, bytes }, this.#run)
  }
}

/** A path that no other upload has, beside the target: permissions and sweeps that cover one cover the other. */
function uploadPathFor(target: string): string {
  const directory = parentPath(target)
  const near = Buffer.byteLength(directory) > MAX_DIRECTORY ? root : directory
  return childPath(near, `.longshore-upload-${randomUUID()}`)
}
