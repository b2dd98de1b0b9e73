import {
  type CallOptions,
  type PurgeOptions,
  type PurgeResult,
  isBelow,
  isStorageError,
} from '@longshore/middleware-core'
import type { Bucket, ObjectRef } from '../bucket.ts'
import { deleteDirectCheckpoint, isDirectUploadId, readDirectCheckpoint } from '../direct/direct-checkpoint.ts'
import { pages } from '../listing/pages.ts'
import { MultipartUpload, listUploads } from '../multipart/multipart-upload.ts'
import { ownerMarkerRef, unmarkOwned } from '../multipart/owner-marker.ts'
import { deleteObject } from '../objects/delete-object.ts'
import { type Checkpoint, readCheckpoint } from './checkpoint.ts'
import { removeCheckpoint } from './checkpoint-store.ts'
import { discardTakenOver } from './take-over.ts'

/**
 * Discards the uploads at `path` and below it that nobody has touched since `olderThan`: those with a checkpoint, what else lies
 * at temporary keys, and then the multipart uploads that have neither. An upload is as old as the youngest of its checkpoint and
 * its parts; ages that a listing tells are looked at again right before anything is discarded.
 */
export async function purgeUploads(
  bucket: Bucket,
  { olderThan, path, dryRun = false, ...options }: PurgeOptions & { path: string },
): Promise<PurgeResult> {
  const purge = new Purge(bucket, { olderThan, path, dryRun }, options)
  await purge.purgeCheckpoints()
  const leftovers = await purge.purgeDirectUploads()
  await purge.purgeMultipartUploads()
  await purge.purgeLeftovers(leftovers)
  return { uploads: purge.count }
}

class Purge {
  count = 0
  readonly #bucket: Bucket
  readonly #olderThan: Date
  readonly #top: string
  /** True to discard nothing, and only count. */
  readonly #dryRun: boolean
  readonly #options: CallOptions
  /** Ids of multipart uploads, and temporary keys, that belong to an upload which stays, or was counted already. */
  readonly #live = new Set<string>()

  constructor(
    bucket: Bucket,
    { olderThan, path, dryRun }: { olderThan: Date; path: string; dryRun: boolean },
    options: CallOptions,
  ) {
    this.#bucket = bucket
    this.#olderThan = olderThan
    this.#top = path
    this.#dryRun = dryRun
    this.#options = options
  }

  async purgeCheckpoints(): Promise<void> {
    const { keys } = this.#bucket
    for await (const { key, modifiedAt } of this.#objects(keys.checkpoint(this.#top))) {
      const path = keys.pathOfCheckpoint(key)
      if (path === undefined) continue
      const legacy = keys.parseLegacyTemporary(key)
      if (!this.#covers(path) && !(legacy && this.#covers(legacy.path))) continue
      const isPurged = await this.#purgeCheckpoint(path)
      // It is no checkpoint but what an earlier version left, or nobody can make anything of it.
      if (isPurged === 'unreadable' && this.#isOld(modifiedAt)) await this.#delete(key, path)
    }
  }

  /** Gives what else lies at temporary keys, and is old. */
  async purgeDirectUploads(): Promise<ObjectRef[]> {
    const { keys } = this.#bucket
    const leftovers: ObjectRef[] = []
    for await (const { key, modifiedAt } of this.#objects(keys.temporaryPrefix(this.#top))) {
      const { path, id } = keys.parseTemporary(key) ?? {}
      if (path === undefined || id === undefined) continue
      if (isDirectUploadId(id)) await this.#purgeDirectUpload(path, id, modifiedAt)
      else if (this.#isOld(modifiedAt)) leftovers.push({ key, path })
    }
    return leftovers
  }

  async purgeMultipartUploads(): Promise<void> {
    const { keys } = this.#bucket
    const prefixes = [keys.key(this.#top), keys.temporaryPrefix(this.#top), keys.checkpoint(this.#top)]
    // The root's listing has them all.
    for (const prefix of this.#top === '/' ? prefixes.slice(0, 1) : prefixes) {
      for await (const { ref, id, initiated } of listUploads(this.#bucket, prefix, this.#options)) {
        if (!this.#covers(ref.path) || !this.#isOld(initiated) || this.#live.has(id)) continue
        const upload = new MultipartUpload(this.#bucket, ref, id)
        if (await this.#isStillUsed(upload, ref.path)) {
          this.#live.add(ownerMarkerRef(this.#bucket, id).key)
          continue
        }
        this.count++
        if (this.#dryRun) continue
        await upload.abort(this.#options)
        await unmarkOwned(this.#bucket, id, this.#options)
      }
    }
  }

  async purgeLeftovers(leftovers: readonly ObjectRef[]): Promise<void> {
    for (const { key, path } of leftovers) if (!this.#live.has(key)) await this.#delete(key, path)
  }

  async #purgeCheckpoint(path: string): Promise<'done' | 'unreadable'> {
    const found = await readCheckpoint(this.#bucket, path, this.#options).catch((error: unknown) => {
      if (isStorageError(error, 'UNKNOWN')) return 'unreadable' as const
      throw error
    })
    if (found === 'unreadable') return found
    if (!found) return 'done'
    const multipart = this.#multipartOf(found, path)
    const isOld = this.#isOld(found.modifiedAt) && !(multipart && (await this.#hasYoungPart(multipart)))
    if (isOld && this.#dryRun) {
      this.count++
      this.#markLive(found)
      return 'done'
    }
    // First the checkpoint: whoever goes on with the upload meanwhile, or closes it, finds it gone, and loses nothing unknowingly.
    if (!isOld || !(await removeCheckpoint(this.#bucket, path, found.etag, this.#options))) {
      this.#markLive(found)
      return 'done'
    }
    await multipart?.abort(this.#options)
    if (found.takenOver) await discardTakenOver(this.#bucket, path, found.takenOver, this.#options)
    for (const key of [found.temporaryKey, found.overflow?.key]) if (key !== undefined) await this.#delete(key, path)
    this.count++
    return 'done'
  }

  async #purgeDirectUpload(path: string, id: string, modifiedAt: Date): Promise<void> {
    const found = await readDirectCheckpoint(this.#bucket, path, id, this.#options)
    if (!found) return
    const upload = new MultipartUpload(this.#bucket, this.#bucket.ref(found.destination), found.uploadId)
    const isOld = this.#isOld(modifiedAt) && !(await this.#hasYoungPart(upload))
    if (isOld) this.count++
    if (!isOld || this.#dryRun) {
      this.#live.add(found.uploadId)
      this.#live.add(ownerMarkerRef(this.#bucket, found.uploadId).key)
      return
    }
    await upload.abort(this.#options)
    if (found.destination !== path) await unmarkOwned(this.#bucket, found.uploadId, this.#options)
    await deleteDirectCheckpoint(this.#bucket, path, id, this.#options)
  }

  /** True where a checkpoint that was stored since it was looked for, or a part, shows that somebody is at work. */
  async #isStillUsed(upload: MultipartUpload, path: string): Promise<boolean> {
    if (await this.#hasYoungPart(upload)) return true
    const found = await readCheckpoint(this.#bucket, path, this.#options).catch((error: unknown) => {
      if (isStorageError(error, 'UNKNOWN')) return undefined
      throw error
    })
    return found?.uploadId === upload.id
  }

  async #hasYoungPart(upload: MultipartUpload): Promise<boolean> {
    const parts = (await upload.parts(this.#options)) ?? []
    return parts.some(({ modifiedAt }) => modifiedAt !== undefined && !this.#isOld(modifiedAt))
  }

  #multipartOf({ uploadId, temporaryKey }: Checkpoint, path: string): MultipartUpload | undefined {
    if (uploadId === undefined) return undefined
    const ref = temporaryKey === undefined ? this.#bucket.ref(path) : { key: temporaryKey, path }
    return new MultipartUpload(this.#bucket, ref, uploadId)
  }

  #markLive({ uploadId, temporaryKey, overflow, takenOver }: Checkpoint): void {
    for (const name of [uploadId, temporaryKey, overflow?.key, takenOver?.uploadId])
      if (name !== undefined) this.#live.add(name)
  }

  async #delete(key: string, path: string): Promise<void> {
    if (!this.#dryRun) await deleteObject(this.#bucket, { key, path }, this.#options)
  }

  #covers(path: string): boolean {
    return path === this.#top || isBelow(path, this.#top)
  }

  /** S3 tells times to the second: of one within the same second nobody knows. */
  #isOld(time: Date | undefined): boolean {
    return time !== undefined && Math.floor(time.getTime() / 1000) * 1000 + 1000 <= this.#olderThan.getTime()
  }

  async *#objects(prefix: string): AsyncIterable<{ key: string; modifiedAt: Date }> {
    for await (const { objects } of pages(this.#bucket, { Prefix: prefix }, this.#options)) {
      for (const { Key: key = '', LastModified: modifiedAt = new Date(0) } of objects) yield { key, modifiedAt }
    }
  }
}
