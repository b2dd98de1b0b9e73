import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { type StorageDriver, keyOf } from '@longshore/middleware-core'
import type { CheckContext, Outcome } from '@longshore/middleware-core/cli'
import type { CloudFrontSettings } from '../../options.ts'
import { type SignerOptions, type UrlSigningOptions, createSigner } from '../../signer.ts'
import { encodeKey } from '../../signing/url-encoding.ts'
import { settingsOf, urlAtEdge } from '../distribution.ts'
import { currentKey } from './signing-keys.ts'
import { type AskOptions, type EdgeAnswer, ask } from './edge-answer.ts'

/** Request, and what differs from the middleware's way to sign. */
export type SignedAskOptions = AskOptions & {
  readonly signing?: Partial<UrlSigningOptions>
  readonly keys?: Partial<SignerOptions>
}

/** Checks without whose success nothing can be told of how files are served. */
export const ground: readonly string[] = ['connection', 'clock', 'storage/write', 'origin-path']

/** Way to a file in spite of a problem that was found, so that others behind it are found as well. */
export interface Detour {
  /** Path before keys in URLs, in place of the one that the options give: a prefix of keys that is left out. */
  readonly leftOut?: string
  readonly keys?: Partial<SignerOptions>
}

/** Distribution with files to try it with, which the checks of one layer share. */
export class Edge {
  readonly settings: CloudFrontSettings
  /** Content of {@link Edge.blob}: incompressible. */
  readonly content: Buffer = randomBytes(4096)
  readonly #hex = createHash('sha256').update(this.content).digest('hex')
  readonly #storage: StorageDriver
  readonly #key: SignerOptions
  readonly #scratch: string
  #blobWritten: Promise<unknown> | undefined
  #served: Promise<EdgeAnswer> | undefined
  #detour: Detour = {}

  constructor(storage: StorageDriver, { layer, scratch }: CheckContext) {
    this.settings = settingsOf(layer)
    this.#key = currentKey(this.settings)
    this.#storage = storage
    this.#scratch = scratch
  }

  /** Path of a file at the place that a registry gives a blob with these bytes. */
  get blob(): string {
    return `${this.#scratch}/blobs/sha256/${this.#hex.slice(0, 2)}/${this.#hex}/data`
  }

  /** Path of a file that is not there. */
  get missing(): string {
    return `${this.#scratch}/missing`
  }

  /** Digest of the blob as the header `Docker-Content-Digest` has it. */
  get digest(): string {
    return `sha256:${this.#hex}`
  }

  /** Lifetime of the URLs that are tried, in seconds. */
  get #expiresIn(): number {
    return this.settings.duration / 1000
  }

  /** Key of the blob in the bucket. */
  get key(): string {
    return keyOf(this.#storage, this.blob)
  }

  /** True where CloudFront can be asked for the files of the checks at all. */
  get isInsideOriginPath(): boolean {
    const { originPath } = this.settings
    return originPath === '' || this.key.startsWith(`${originPath}/`)
  }

  /** Writes the blob, once. */
  writeBlob(signal: AbortSignal): Promise<unknown> {
    this.#blobWritten ??= this.#storage.putContent(this.blob, this.content, { signal })
    return this.#blobWritten
  }

  /** Writes a file of a type that CloudFront compresses where it may, and gives its path. */
  writeText(signal: AbortSignal): Promise<string> {
    const content = Buffer.from(JSON.stringify('compress me '.repeat(500)))
    return this.#writeOther('text.json', content, signal, 'application/json')
  }

  /** Writes a file that no request has brought into the edge's cache, and gives its path. */
  writeUncached(signal: AbortSignal): Promise<string> {
    return this.#writeOther(`uncached-${randomUUID()}`, this.content, signal)
  }

  /** Answer to a signed GET of the blob, asked once. */
  served(signal: AbortSignal): Promise<EdgeAnswer> {
    this.#served ??= this.writeBlob(signal).then(() => this.askSigned(this.blob, { signal }))
    return this.#served
  }

  /** Goes another way from now on. */
  take(detour: Detour): void {
    this.#detour = { ...this.#detour, ...detour }
    this.#served = undefined
  }

  /** Runs what needs a file that is served, be it on a detour. */
  whereServed(run: (signal: AbortSignal) => Promise<Outcome>): (signal: AbortSignal) => Promise<Outcome> {
    return async signal => {
      if (this.isBlob(await this.served(signal))) return run(signal)
      return { skipped: 'not tried, because no file is served' }
    }
  }

  /** True for an answer that is the blob. */
  isBlob({ status, body }: EdgeAnswer): boolean {
    return status === 200 && this.content.equals(body)
  }

  /** Asks for a file with a signed URL. */
  askSigned(path: string, { query = '', ...options }: SignedAskOptions & { query?: string }): Promise<EdgeAnswer> {
    return this.askSignedUrl(this.urlOf(path) + query, options)
  }

  /** Asks for a URL of the distribution, signed with the current key or with the one of `keys`. */
  async askSignedUrl(url: string, { signing = {}, keys = {}, ...options }: SignedAskOptions): Promise<EdgeAnswer> {
    return ask(await this.sign(url, signing, keys), options)
  }

  async sign(
    url: string,
    signing: Partial<UrlSigningOptions> = {},
    keys: Partial<SignerOptions> = {},
  ): Promise<string> {
    using signer = createSigner({ ...this.#key, ...this.#detour.keys, ...keys })
    const lifetime = { expiresIn: this.#expiresIn, policy: this.settings.policy }
    const signed = await signer.signUrl(url, { ...lifetime, ...signing } as UrlSigningOptions)
    return signed.url
  }

  urlOf(path: string): string {
    const { leftOut } = this.#detour
    if (leftOut === undefined) return urlAtEdge(this.#storage, this.settings, path)
    return this.urlWithout(leftOut, keyOf(this.#storage, path))
  }

  /** URL that leads to a key where the Origin Path is `prefix`, which the key begins with. */
  urlWithout(prefix: string, key: string = this.key): string {
    return this.settings.baseUrl + encodeKey(prefix === '' ? key : key.slice(prefix.length + 1))
  }

  async #writeOther(name: string, content: Buffer, signal: AbortSignal, contentType?: string): Promise<string> {
    const path = `${this.#scratch}/${name}`
    const metadata =
      contentType !== undefined && this.#storage.capabilities.metadata ? { metadata: { contentType } } : {}
    await this.#storage.putContent(path, content, { signal, ...metadata })
    return path
  }
}
