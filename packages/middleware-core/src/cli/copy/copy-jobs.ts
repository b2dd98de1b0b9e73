import { mkdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { StorageError } from '../../contract/errors.ts'
import type { FileInfo } from '../../contract/file-info.ts'
import { childPath, isBelow } from '../../contract/paths.ts'
import type { StorageDriver } from '../../contract/storage-driver.ts'
import type { CliContext } from '../context/cli-context.ts'
import { destinationFor } from '../context/destination.ts'
import { needsRecursive } from '../context/needs-recursive.ts'
import { isStorageArgument, nameOf, readStoragePath } from '../context/storage-path.ts'
import { CompletedCopies } from './completed-copies.ts'
import type { Copied, CopyRun } from './copied.ts'
import { Digest } from './digest.ts'
import { download } from './download.ts'
import { localError } from '../context/local-error.ts'
import { localSource } from './local-source.ts'
import { localTree } from './local-tree.ts'
import type { Source } from './source.ts'
import { storageSource } from './storage-source.ts'
import { UploadRecords } from './upload-record.ts'
import { upload, uploadStream } from './upload.ts'

/** One file to be copied. */
export interface CopyJob {
  readonly source: string
  /** Bytes; undefined where they are not known. */
  readonly size: number | undefined
  copy(run: CopyRun): Promise<Copied>
}

/** Files to be copied, and what is none. */
export interface CopyPlan {
  readonly jobs: readonly CopyJob[]
  /** Names of what cannot be copied: links, devices and the like. */
  readonly skipped: readonly string[]
  /** True where an interrupted copy can be continued. */
  readonly isResumable: boolean
  /** Called when every file is copied. */
  readonly finish?: (() => Promise<void>) | undefined
}

/** Arguments of a copy. */
export interface CopyRequest {
  readonly storage: StorageDriver
  readonly context: CliContext
  /** Absolute name of the configuration, which stands for the storage in records of uploads. */
  readonly config: string
  readonly source: string
  readonly destination: string
  readonly isRecursive: boolean
  /** Files of a directory that an earlier run has copied. */
  readonly completed?: CompletedCopies | undefined
}

/** Argument that stands for the standard input or output. */
const STANDARD = '-'

/** Finds out what is to be copied where, before anything is. */
export async function copyJobs(request: CopyRequest): Promise<CopyPlan> {
  const { source, destination } = request
  if (isStorageArgument(source)) return storageJobs(request)
  if (!isStorageArgument(destination)) {
    const accepted = 'storage:/path for one of them, or both'
    throw new StorageError(
      'INVALID_ARGUMENT',
      `${source} to ${destination}: found two local names; accepted: ${accepted}`,
    )
  }
  return source === STANDARD ? inputJobs(request) : localJobs(request)
}

async function inputJobs({ storage, context, destination }: CopyRequest): Promise<CopyPlan> {
  const { path, isDirectory } = readStoragePath(destination)
  if (isDirectory)
    throw new StorageError('INVALID_PATH', `${destination}: found a directory; accepted: a path for the file`)
  const copy = (run: CopyRun): Promise<Copied> => uploadStream(storage, 'standard input', context.stdin, path, run)
  return { jobs: [{ source: STANDARD, size: undefined, copy }], skipped: [], isResumable: false }
}

async function localJobs(request: CopyRequest): Promise<CopyPlan> {
  const { storage, context, source, destination, isRecursive } = request
  const stats = await stat(source).catch((error: unknown) => {
    throw localError(error, source)
  })
  if (!stats.isDirectory()) {
    const path = await destinationFor(storage, basename(source), destination, context.signal)
    return { jobs: [uploadJob(request, source, path, stats.size)], skipped: [], isResumable: true }
  }
  if (!isRecursive) throw needsRecursive(source)
  const { path: directory } = readStoragePath(destination)
  const completed = completedOf(request)
  const [jobs, skipped]: [CopyJob[], string[]] = [[], []]
  for await (const { file, relative, isFile } of localTree(source)) {
    context.signal.throwIfAborted()
    if (isFile)
      jobs.push(uploadJob({ ...request, completed }, file, childPath(directory, relative), await sizeOf(file)))
    else skipped.push(file)
  }
  return { jobs, skipped, isResumable: true, finish: () => completed.clear() }
}

/** A file that has gone meanwhile fails when it is copied. */
async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0
}

function uploadJob(request: CopyRequest, file: string, path: string, size: number): CopyJob {
  return { source: file, size, copy: intoStorage(request, () => localSource(file), resolve(file), path) }
}

/** Copies what `open` opens, and calls by this name, to a path of the storage. */
function intoStorage(
  { storage, config, context, completed }: CopyRequest,
  open: (signal: AbortSignal) => Promise<Source>,
  name: string,
  path: string,
): CopyJob['copy'] {
  const records = new UploadRecords(context.env, [config, name, path])
  return run =>
    withSource(open(run.signal), source => {
      const copy = (): Promise<Copied> => upload(storage, source, path, run, records)
      const openCopy = async (): Promise<Source> =>
        storageSource(storage, await storage.stat(path, { signal: run.signal, fileOnly: true }), run.signal)
      return completed ? completed.copyOnce(source, path, run, { openCopy, copy }) : copy()
    })
}

async function storageJobs(request: CopyRequest): Promise<CopyPlan> {
  const { storage, context, source, destination, isRecursive } = request
  const { signal } = context
  const info = await storage.stat(readStoragePath(source).path, { signal })
  if (info.isDirectory && !isRecursive) throw needsRecursive(info.path)
  if (destination === STANDARD) {
    if (info.isDirectory) throw new StorageError('NOT_A_DIRECTORY', `${info.path}: found a directory; accepted: a file`)
    return { jobs: [outputJob(request, info)], skipped: [], isResumable: false }
  }
  const isWithin = isStorageArgument(destination)
  if (!info.isDirectory) {
    const name = nameOf(info.path)
    const target = isWithin
      ? await destinationFor(storage, name, destination, signal)
      : await localDestination(name, destination)
    if (isWithin && target === info.path) throw sameFile(target)
    return { jobs: [jobFrom(request, info, target)], skipped: [], isResumable: true }
  }
  const directory = isWithin ? readStoragePath(destination).path : destination
  if (isWithin && (directory === info.path || isBelow(directory, info.path))) throw sameFile(directory)
  const completed = completedOf(request)
  const jobs: CopyJob[] = []
  for await (const entry of storage.walk(info.path, { signal })) {
    if (entry.isDirectory) continue
    const relative = entry.path.slice(info.path === '/' ? 1 : info.path.length + 1)
    jobs.push(
      jobFrom(
        { ...request, completed },
        entry,
        isWithin ? childPath(directory, relative) : join(directory, ...relative.split('/')),
      ),
    )
  }
  return { jobs, skipped: [], isResumable: true, finish: () => completed.clear() }
}

function completedOf({ context, config, source, destination }: CopyRequest): CompletedCopies {
  const names = [source, destination].map(name => (isStorageArgument(name) ? name : resolve(name)))
  return new CompletedCopies(context.env, [config, ...names])
}

function sameFile(path: string): StorageError {
  return new StorageError(
    'INVALID_ARGUMENT',
    `${path}: found the source, or what is below it; accepted: another path`,
    { path },
  )
}

async function localDestination(name: string, given: string): Promise<string> {
  const isDirectory = given.endsWith('/') || (await stat(given).catch(() => undefined))?.isDirectory() === true
  return isDirectory ? join(given, name) : given
}

function jobFrom(request: CopyRequest, info: FileInfo, target: string): CopyJob {
  const { storage, destination, isRecursive, completed } = request
  const { path, size } = info
  const open = (signal: AbortSignal): Promise<Source> => storageSource(storage, info, signal)
  if (isStorageArgument(destination)) {
    return { source: path, size, copy: intoStorage(request, open, `storage:${path}`, target) }
  }
  return {
    source: path,
    size,
    async copy(run) {
      if (isRecursive) await makeDirectory(dirname(target))
      return withSource(open(run.signal), source => {
        const copy = (): Promise<Copied> => download(source, target, run)
        return completed
          ? completed.copyOnce(source, target, run, { openCopy: () => localSource(target), copy })
          : copy()
      })
    },
  }
}

async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw localError(error, directory)
  })
}

function outputJob({ storage, context }: CopyRequest, { path, size }: FileInfo): CopyJob {
  return {
    source: path,
    size,
    async copy({ signal, onBytes }) {
      const digest = new Digest()
      let bytes = 0
      async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
        for await (const chunk of chunks) {
          digest.update(chunk)
          bytes += chunk.length
          onBytes(chunk.length)
          yield chunk
        }
      }
      await pipeline(await storage.reader(path, { signal }), counted, context.stdout, { end: false, signal })
      digest.assertNamedBy(path)
      return { source: path, destination: STANDARD, bytes, sha256: digest.hex, isReadBack: false }
    },
  }
}

async function withSource<T>(opening: Promise<Source>, use: (source: Source) => Promise<T>): Promise<T> {
  const source = await opening
  try {
    return await use(source)
  } finally {
    await source.close()
  }
}
