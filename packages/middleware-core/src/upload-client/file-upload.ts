import { type FileSource, fingerprintOf, sha256Of } from './file-source.ts'
import type { CommittedUpload, StartedUpload } from './protocol.ts'
import type { SendPart } from './send-part.ts'
import { UploadService } from './service.ts'
import { UploadError } from './upload-error.ts'

/** Place where the ids of unfinished uploads survive a reload; the browser's `localStorage` is one. */
export interface UploadStore {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Options of an upload. */
export interface FileUploadOptions {
  /** URL below which the service answers, such as `/uploads`. */
  url: string
  /** Headers of the requests to the service, not of those to the storage. */
  headers?: Readonly<Record<string, string>> | undefined
  /** Called as bytes leave, with the bytes that have so far and those of the whole file. */
  onProgress?: ((sent: number, total: number) => void) | undefined
  /** Parts under way at once. Default 4. */
  concurrency?: number | undefined
  /** Tries of each request, the first one included. Default 6, over about half a minute. */
  maxAttempts?: number | undefined
  /** Place for the ids of unfinished uploads. Default: none outside a browser, `localStorage` in one. */
  store?: UploadStore | undefined
  /** Stops the upload where it stands, to be taken up again later; `abort` discards it. */
  signal?: AbortSignal | undefined
}

const DEFAULT_CONCURRENCY = 4
const DEFAULT_MAX_ATTEMPTS = 6
const FIRST_DELAY_MS = 500
const STORE_PREFIX = 'longshore-upload:'

/** Reason with which `pause` stops requests. */
const paused = new Error('the upload is paused')

/**
 * Upload of one file, in parts that go to the storage itself. It can be paused and resumed, and is taken up again after a
 * reload where the service still has it: what has arrived is not sent again.
 */
export class FileUpload {
  readonly #file: FileSource
  readonly #options: FileUploadOptions
  readonly #send: SendPart
  readonly #service: UploadService
  /** Bytes that have left of each part. */
  readonly #sent = new Map<number, number>()
  #run = new AbortController()
  #resumed: Promise<void> = Promise.resolve()
  #wake = (): void => {}
  #id: string | undefined
  #isDiscarded = false

  constructor(file: FileSource, options: FileUploadOptions, send: SendPart) {
    this.#file = file
    this.#options = options
    this.#send = send
    this.#service = new UploadService(options.url, options.headers)
    const { signal } = options
    signal?.addEventListener('abort', () => this.#run.abort(signal.reason), { once: true })
  }

  /** Uploads the file and resolves once the service has committed it. Called once. */
  async start(): Promise<CommittedUpload> {
    const { store, signal } = this.#options
    signal?.throwIfAborted()
    const key = `${STORE_PREFIX}${this.#options.url}:${await fingerprintOf(this.#file)}`
    const upload = await this.#open(key)
    this.#id = upload.id
    store?.setItem(key, upload.id)
    await this.#sendParts(upload)
    const committed = await this.#repeat(run => this.#service.commit(upload.id, run))
    store?.removeItem(key)
    return committed
  }

  /** Stops what is under way. Parts that have not arrived are sent again after `resume`. */
  pause(): void {
    if (this.#run.signal.aborted) return
    this.#resumed = new Promise(resolve => {
      this.#wake = resolve
    })
    this.#run.abort(paused)
  }

  /** Goes on after `pause`. */
  resume(): void {
    if (this.#run.signal.reason !== paused) return
    this.#run = new AbortController()
    this.#wake()
  }

  /** Ends the upload and has the service discard it. `start` rejects. */
  async abort(): Promise<void> {
    this.#isDiscarded = true
    this.#wake()
    this.#run.abort(new UploadError('ABORTED', 'the upload was aborted'))
    if (this.#id === undefined) return
    await this.#service.cancel(this.#id)
    this.#options.store?.removeItem(`${STORE_PREFIX}${this.#options.url}:${await fingerprintOf(this.#file)}`)
  }

  /** Finds the upload that an earlier page began, or starts one. */
  async #open(key: string): Promise<StartedUpload> {
    const id = this.#options.store?.getItem(key)
    const status = id ? await this.#repeat(run => this.#service.status(id, run)) : undefined
    if (id && status?.size === this.#file.size) {
      for (const { number, size } of status.parts) {
        if (size === this.#sizeOfPart(status, number)) this.#sent.set(number, size)
      }
      return { id, partSize: status.partSize }
    }
    const { name, size, type } = this.#file
    return this.#repeat(run => this.#service.start({ name, size, type }, run))
  }

  async #sendParts(upload: StartedUpload): Promise<void> {
    const numbers = this.#missingParts(upload)
    this.#reportProgress()
    let failure: { error: unknown } | undefined
    const worker = async (): Promise<void> => {
      for (let number = numbers.shift(); number !== undefined && !failure; number = numbers.shift()) {
        try {
          await this.#sendPart(upload, number)
        } catch (error) {
          failure ??= { error }
        }
      }
    }
    const { concurrency = DEFAULT_CONCURRENCY } = this.#options
    await Promise.all(Array.from({ length: concurrency }, worker))
    if (failure) throw failure.error
  }

  async #sendPart(upload: StartedUpload, number: number): Promise<void> {
    const start = (number - 1) * upload.partSize
    await this.#repeat(async run => {
      const bytes = await this.#file.slice(start, start + this.#sizeOfPart(upload, number)).arrayBuffer()
      const request = await this.#service.requestPart(upload.id, { number, sha256: await sha256Of(bytes) }, run)
      const onProgress = (sent: number): void => {
        this.#sent.set(number, sent)
        this.#reportProgress()
      }
      try {
        const status = await this.#send(request, bytes, { signal: run, onProgress })
        if (status < 200 || status > 299)
          throw new UploadError(`HTTP_${status}`, `the storage answered ${status}`, status)
        onProgress(bytes.byteLength)
      } catch (error) {
        onProgress(0)
        throw error
      }
    })
  }

  /** Tries until it works, waiting longer each time. A pause costs no try. */
  async #repeat<T>(attempt: (run: AbortSignal) => Promise<T>): Promise<T> {
    const { maxAttempts = DEFAULT_MAX_ATTEMPTS } = this.#options
    for (let tries = 1; ;) {
      await this.#resumed
      const { signal } = this.#run
      if (this.#isDiscarded) signal.throwIfAborted()
      try {
        signal.throwIfAborted()
        return await attempt(signal)
      } catch (error) {
        if (signal.aborted && signal.reason !== paused) throw signal.reason
        if (signal.aborted) continue
        if (tries === maxAttempts || !isTransient(error)) throw error
        await sleep(FIRST_DELAY_MS * 2 ** (tries - 1) * (0.5 + Math.random()), signal)
        tries++
      }
    }
  }

  #missingParts(upload: StartedUpload): number[] {
    const count = Math.ceil(this.#file.size / upload.partSize)
    return Array.from({ length: count }, (_, index) => index + 1).filter(number => !this.#sent.has(number))
  }

  #sizeOfPart({ partSize }: StartedUpload, number: number): number {
    return Math.min(partSize, this.#file.size - (number - 1) * partSize)
  }

  #reportProgress(): void {
    let sent = 0
    for (const bytes of this.#sent.values()) sent += bytes
    this.#options.onProgress?.(sent, this.#file.size)
  }
}

/** True for a lost connection, a busy server, and a URL that expired before its request began. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof UploadError) || error.status === undefined) return !(error instanceof UploadError)
  return error.status >= 500 || error.status === 429 || error.status === 408 || error.code === 'HTTP_403'
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
