import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { type CallOptions, isStorageError, revisionMismatch } from '@longshore/middleware-core'
import type { Bucket, ObjectRef } from '../bucket.ts'
import { attemptsOf, errorName } from '../errors.ts'
import { retryConflicts } from './retry-conflicts.ts'

/** Deletes an object; none being there is fine, unless it has to be of a revision. */
export async function deleteObject(
  bucket: Bucket,
  { key, path }: ObjectRef,
  options: CallOptions & { ifRevision?: string | undefined },
): Promise<void> {
  const conditions = await bucket.conditions.fieldsFor('delete', { ifRevision: options.ifRevision }, options)
  const command = new DeleteObjectCommand({ Bucket: bucket.name, Key: key, ...conditions })
  const remove = async (): Promise<void> => {
    await bucket.run(o => bucket.client.send(command, o), options, path)
  }
  if (options.ifRevision === undefined) return remove()
  try {
    await retryConflicts(remove, options)
  } catch (error) {
    if (!isStorageError(error, 'PRECONDITION_FAILED', 'PATH_NOT_FOUND')) throw error
    // An earlier try whose answer was lost has removed it.
    if (attemptsOf(error.cause) > 1 && errorName(error.cause) === 'NoSuchKey') return
    throw error.code === 'PATH_NOT_FOUND' ? error : revisionMismatch(path, { cause: error.cause })
  }
}

/**
 * Deletes an object, but not one that has taken its place, as far as the server can tell the two apart: one that leaves the
 * condition out deletes both.
 */
export async function deleteUnchanged(
  bucket: Bucket,
  { key, path }: ObjectRef,
  etag: string | undefined,
  options: CallOptions,
): Promise<void> {
  const send = async (conditions: { IfMatch?: string }): Promise<void> => {
    const command = new DeleteObjectCommand({ Bucket: bucket.name, Key: key, ...conditions })
    await bucket.run(o => bucket.client.send(command, o), options, path)
  }
  if (etag === undefined || bucket.conditions.isRefused('delete')) return send({})
  try {
    await retryConflicts(() => send({ IfMatch: etag }), options)
  } catch (error) {
    if (isStorageError(error, 'PRECONDITION_FAILED', 'PATH_NOT_FOUND')) return
    if (!isStorageError(error, 'UNSUPPORTED')) throw error
    bucket.conditions.noteRefusal('delete')
    await send({})
  }
}
