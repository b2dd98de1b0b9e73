import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type LocalCloud, startLocalCloud } from '@longshore/local-cloud'
import {
  type FileInfo,
  ForwardingDriver,
  type StatOptions,
  type StorageDriver,
  type WalkOptions,
  filesystem,
  inmemory,
} from '@longshore/middleware-core'
import { s3 } from '@longshore/s3-driver'
import { type Digest, type DigestAlgorithm, digestOf, digestParts } from '../src/digest.ts'
import { collectGarbage } from '../src/garbage/collect-garbage.ts'
import type { CollectionEvent, CollectionOptions, CollectionSummary } from '../src/garbage/collection.ts'
import { referencesOf } from '../src/garbage/references.ts'
import { blobData, layerLink, revisionLink, tagCurrentLink, tagIndexLink } from '../src/layout.ts'

const twoDays = 2 * 24 * 60 * 60 * 1000

/** A storage whose files can be made older than they are. */
export class Aging extends ForwardingDriver {
  readonly #resolution: number
  #mark = new Date(0)

  /** `resolution`: milliseconds that the storage tells times apart by. */
  constructor(inner: StorageDriver, resolution: number) {
    super(inner)
    this.#resolution = resolution
  }

  /** From now on all that is stored already counts as two days older. */
  async age(): Promise<void> {
    const mark = Date.now()
    this.#mark = new Date(mark)
    const next = (Math.floor(mark / this.#resolution) + 1) * this.#resolution
    while (Date.now() < next) await setTimeout(next - Date.now())
  }

  override async stat(path: string, options?: StatOptions): Promise<FileInfo> {
    return this.#aged(await super.stat(path, options))
  }

  override async *walk(path: string, options?: WalkOptions): AsyncIterable<FileInfo> {
    for await (const info of super.walk(path, options)) yield this.#aged(info)
  }

  #aged(info: FileInfo): FileInfo {
    if (info.modifiedAt > this.#mark) return info
    return { ...info, modifiedAt: new Date(info.modifiedAt.getTime() - twoDays) }
  }
}

/** A storage to test with, and where it is in a cloud. */
export interface TestStorage extends AsyncDisposable {
  readonly storage: Aging
  readonly cloud?: LocalCloud
}

/** The kinds of storage that a registry runs on. */
export const storages: Readonly<Record<string, () => Promise<TestStorage>>> = {
  async inmemory() {
    const storage = new Aging(inmemory({}), 1)
    return { storage, [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose]() }
  },
  async filesystem() {
    const rootDirectory = await mkdtemp(join(tmpdir(), 'garbage-'))
    const storage = new Aging(filesystem({ rootDirectory }), 1)
    return {
      storage,
      async [Symbol.asyncDispose]() {
        await storage[Symbol.asyncDispose]()
        await rm(rootDirectory, { recursive: true, force: true })
      },
    }
  },
  async s3() {
    const cloud = await startLocalCloud()
    const { region, bucket, credentials } = cloud
    const driver = s3({
      region,
      bucket,
      regionEndpoint: cloud.s3.endpoint,
      forcePathStyle: true,
      accessKey: credentials.accessKeyId,
      secretKey: credentials.secretAccessKey,
    })
    const storage = new Aging(driver, 1000)
    return {
      storage,
      cloud,
      async [Symbol.asyncDispose]() {
        await storage[Symbol.asyncDispose]()
        await cloud.close()
      },
    }
  },
}

/** Puts things where a registry does, in Distribution's layout. */
export class Filler {
  readonly storage: Pick<StorageDriver, 'putContent'>

  constructor(storage: Pick<StorageDriver, 'putContent'>) {
    this.storage = storage
  }

  /** Bytes that no repository has a link to. */
  async data(bytes: Uint8Array = randomBytes(100), algorithm: DigestAlgorithm = 'sha256'): Promise<Digest> {
    const digest = digestOf(bytes, algorithm)
    await this.storage.putContent(blobData(digest), bytes)
    return digest
  }

  async blob(repository: string, bytes?: Uint8Array, algorithm?: DigestAlgorithm): Promise<Digest> {
    const digest = await this.data(bytes, algorithm)
    await this.link(repository, digest)
    return digest
  }

  async link(repository: string, digest: Digest): Promise<void> {
    await this.storage.putContent(layerLink(repository, digest), digest)
  }

  async manifest(repository: string, manifest: object | string, tag?: string): Promise<Digest> {
    const content = typeof manifest === 'string' ? manifest : JSON.stringify({ schemaVersion: 2, ...manifest })
    const digest = await this.data(Buffer.from(content))
    await this.storage.putContent(revisionLink(repository, digest), digest)
    if (tag !== undefined) await this.tag(repository, tag, digest)
    return digest
  }

  async tag(repository: string, tag: string, digest: Digest): Promise<void> {
    await this.storage.putContent(tagIndexLink(repository, tag, digest), digest)
    await this.storage.putContent(tagCurrentLink(repository, tag), digest)
  }

  /** An image of its own config and the given layers, or one of its own. */
  async image(repository: string, tag?: string, layers?: readonly Digest[], subject?: Digest): Promise<Digest> {
    const config = await this.blob(repository)
    const all = layers ?? [await this.blob(repository)]
    const about = subject && { subject: { digest: subject } }
    return this.manifest(
      repository,
      { config: { digest: config }, layers: all.map(digest => ({ digest })), ...about },
      tag,
    )
  }

  async index(repository: string, manifests: readonly Digest[], tag?: string): Promise<Digest> {
    return this.manifest(repository, { manifests: manifests.map(digest => ({ digest })), nonce: randomBytes(8) }, tag)
  }
}

/** What is missing of a manifest of a repository, as one who pulls it would find. */
export async function missingOf(storage: StorageDriver, repository: string, digest: Digest): Promise<string[]> {
  const content = await contentOf(storage, blobData(digest))
  if (!content) return [blobData(digest)]
  if (digestOf(content, digestParts(digest).algorithm) !== digest) return [`wrong bytes: ${digest}`]
  const isLinked = (path: string): Promise<boolean> => contentOf(storage, path).then(Boolean)
  if (!(await isLinked(revisionLink(repository, digest)))) return [revisionLink(repository, digest)]
  const missing: string[] = []
  for (const named of referencesOf(content)?.named ?? []) {
    if (await isLinked(revisionLink(repository, named))) {
      missing.push(...(await missingOf(storage, repository, named)))
    } else {
      if (!(await isLinked(layerLink(repository, named)))) missing.push(layerLink(repository, named))
      if (!(await contentOf(storage, blobData(named)))) missing.push(blobData(named))
    }
  }
  return missing
}

async function contentOf(storage: StorageDriver, path: string): Promise<Uint8Array | undefined> {
  return storage.getContent(path).catch(() => undefined)
}

/** Whether there is a file. */
export async function has(storage: StorageDriver, path: string): Promise<boolean> {
  return (await contentOf(storage, path)) !== undefined
}

/** A collection with what it told. It need not wait where no request is under way. */
export async function collect(
  storage: StorageDriver,
  options: CollectionOptions = {},
): Promise<{ summary: CollectionSummary; events: CollectionEvent[] }> {
  const events: CollectionEvent[] = []
  const onEvent = (event: CollectionEvent): void => {
    events.push(event)
    options.onEvent?.(event)
  }
  const summary = await collectGarbage(storage, { settle: 0, ...options, onEvent })
  return { summary, events }
}

/** The texts of what was amiss. */
export function troubleIn(events: readonly CollectionEvent[]): string[] {
  return events.flatMap(event => (event.type === 'warning' || event.type === 'failure' ? [event.text] : []))
}

/** The digests whose bytes went. */
export function deletedIn(events: readonly CollectionEvent[]): Digest[] {
  return events.flatMap(event => (event.type === 'deleted' ? [event.digest] : [])).toSorted()
}
