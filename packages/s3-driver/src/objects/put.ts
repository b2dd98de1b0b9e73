import { randomUUID } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import {
  type CallOptions,
  type FileMetadata,
  type WriteConditions,
  type WriteResult,
  isStorageError,
  revisionMismatch,
  undefinedIfNotFound,
} from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { attemptsOf } from '../errors.ts'
import { type ConditionInput, preconditionError } from './conditions.ts'
import { TOKEN_NAME, metadataInput } from './metadata.ts'
import { retryConflicts } from './retry-conflicts.ts'

/** Options of {@link putObject}. */
export interface PutObjectOptions extends CallOptions, WriteConditions {
  metadata?: FileMetadata | undefined
  /** Mark in the object's metadata, by which one is recognised that a condition met itself. Default: a new one. */
  token?: string | undefined
}

/** Stores an object whole: one PUT. */
export async function putObject(
  bucket: Bucket,
  { key, path }: ObjectRef,
  content: Uint8Array,
  options: PutObjectOptions,
): Promise<WriteResult> {
  const conditions = await bucket.conditions.fieldsFor('put', options, options)
  const isConditional = Object.keys(conditions).length > 0
  const token = isConditional ? (options.token ?? randomUUID()) : undefined
  const put = async (): Promise<WriteResult> => {
    const command = new PutObjectCommand({
      Bucket: bucket.name,
      Key: key,
      Body: content,
      ...bucket.settings,
      ...metadataInput(options.metadata, token),
      ...conditions,
    })
    const { ETag } = await bucket.run(o => bucket.client.send(command, o), options, path)
    return { revision: ETag }
  }
  if (!isConditional) return put()
  try {
    return await retryConflicts(put, options)
  } catch (error) {
    if (!isStorageError(error, 'PRECONDITION_FAILED', 'PATH_NOT_FOUND')) throw error
    // An earlier try whose answer was lost may be what the condition met.
    if (attemptsOf(error.cause) > 1 || options.token !== undefined) {
      const head = await undefinedIfNotFound(headObject(bucket, { key, path }, options))
      const isOwn = head?.Metadata?.[TOKEN_NAME] === token && head?.ContentLength === content.length
      if (isOwn) return { revision: head?.ETag }
    }
    throw preconditionError(error, options, path)
  }
}

/** Stands for no object, where an ETag stands for one. */
export const ABSENT = Symbol('no object')

/**
 * Stores an object in the place of the one with this ETag, or of none, and gives the new ETag; `PRECONDITION_FAILED` where another is
 * there. A server that refuses the condition, or misjudges it, is asked right before; one that leaves it out in silence replaces any.
 */
export async function replaceUnchanged(
  bucket: Bucket,
  ref: ObjectRef,
  content: Uint8Array,
  expected: string | typeof ABSENT | undefined,
  options: CallOptions,
): Promise<string | undefined> {
  const { key, path } = ref
  const send = async (conditions: ConditionInput): Promise<string | undefined> => {
    const command = new PutObjectCommand({
      Bucket: bucket.name,
      Key: key,
      Body: content,
      ...bucket.settings,
      ...conditions,
    })
    const { ETag } = await bucket.run(o => bucket.client.send(command, o), options, path)
    return ETag
  }
  if (expected === undefined) return send({})
  const isAbsent = expected === ABSENT
  const etag = isAbsent ? undefined : expected
  if (!bucket.conditions.isRefused('put')) {
    try {
      return await retryConflicts(() => send(isAbsent ? { IfNoneMatch: '*' } : { IfMatch: expected }), options)
    } catch (error) {
      if (isStorageError(error, 'PATH_NOT_FOUND')) throw revisionMismatch(path, { cause: error.cause })
      if (!isStorageError(error, 'UNSUPPORTED', 'PRECONDITION_FAILED')) throw error
      const condition = isAbsent ? 'If-None-Match' : 'If-Match'
      const isReliable =
        error.code === 'PRECONDITION_FAILED' && (await bucket.conditions.supports('put', condition, options))
      if (isReliable) throw error
      bucket.conditions.noteRefusal('put')
    }
  }
  const found = await undefinedIfNotFound(headObject(bucket, ref, options))
  if (found?.ETag !== etag) throw revisionMismatch(path)
  return send({})
}
