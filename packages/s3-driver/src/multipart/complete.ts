import { createHash } from 'node:crypto'
import { CompleteMultipartUploadCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import {
  type CallOptions,
  StorageError,
  type WriteConditions,
  isStorageError,
  undefinedIfNotFound,
} from '@longshore/middleware-core'
import { type Bucket, type ObjectRef, headObject } from '../bucket.ts'
import { attemptsOf, incompleteResponse } from '../errors.ts'
import { isSameEtag } from '../objects/etag.ts'
import { preconditionError } from '../objects/conditions.ts'
import { TOKEN_NAME } from '../objects/metadata.ts'
import { retryConflicts } from '../objects/retry-conflicts.ts'
import { type Part, totalSize } from './parts.ts'

/** Options of a completion. */
export interface CompletionOptions {
  /** Mark in the object's metadata; uploads that another program started have none. */
  readonly token: string | undefined
  /** Conditions on what the object replaces. */
  readonly conditions?: WriteConditions | undefined
}

interface Completion extends CompletionOptions {
  readonly parts: readonly Part[]
  /** Asks whether the server does not know the upload any more. */
  isGone(): Promise<boolean>
}

/**
 * Makes the parts of an upload an object, and gives its ETag. An answer that leaves in doubt whether it came about is settled
 * by a look at the object, and by proof alone:
 *
 * - The object has the upload's token and size: it did.
 * - An upload without a token is gone, and the object has the ETag that its parts give, and their size: it did.
 * - Otherwise the error stands. Where the server does not know the upload, after an attempt of which the outcome is unknown,
 *   that is `UNAVAILABLE`: the server may still be at work on it. `UPLOAD_NOT_FOUND` is what it says to a first attempt.
 */
export async function completeUpload(
  bucket: Bucket,
  ref: ObjectRef,
  uploadId: string,
  completion: Completion,
  options: CallOptions,
): Promise<string | undefined> {
  const { parts, conditions = {} } = completion
  const conditionFields = await bucket.conditions.fieldsFor('complete', conditions, options)
  const command = new CompleteMultipartUploadCommand({
    Bucket: bucket.name,
    Key: ref.key,
    UploadId: uploadId,
    MultipartUpload: {
      Parts: parts.map(({ number, etag, checksums }) => ({ PartNumber: number, ETag: etag, ...checksums })),
    },
    // Other servers answer 501 to a header that they do not know.
    ...(bucket.isAmazon ? { MpuObjectSize: totalSize(parts) } : {}),
    ...conditionFields,
  })
  const send = async (): Promise<string | undefined> => {
    const { ETag } = await bucket.run(o => bucket.longTimeoutClient.send(command, o), options, ref.path)
    if (ETag === undefined) throw outcomeUnknown(ref, incompleteResponse('CompleteMultipartUpload', 'ETag', ref.path))
    return ETag
  }
  try {
    return await retryConflicts(send, options)
  } catch (error) {
    if (!isStorageError(error)) throw error
    const object = isOutcomeUnknown(error) ? await findCompleted(bucket, ref, completion, error, options) : undefined
    if (object) return object.ETag
    if (error.code === 'UPLOAD_NOT_FOUND' && isRepeated(error)) throw outcomeUnknown(ref, error)
    throw preconditionError(error, conditions, ref.path)
  }
}

/**
 * True where the object may be in place all the same. An attempt that is repeated says nothing of those before, and a condition
 * that does not hold may have met the object itself.
 */
function isOutcomeUnknown(error: StorageError): boolean {
  return isStorageError(error, 'UNAVAILABLE', 'UPLOAD_NOT_FOUND', 'PRECONDITION_FAILED') || isRepeated(error)
}

function isRepeated(error: StorageError): boolean {
  return attemptsOf(error.cause) > 1
}

/** Description of the object, if it is proved to come from this upload. */
async function findCompleted(
  bucket: Bucket,
  ref: ObjectRef,
  { parts, token, isGone }: Completion,
  error: StorageError,
  options: CallOptions,
): Promise<HeadObjectCommandOutput | undefined> {
  try {
    const head = await undefinedIfNotFound(headObject(bucket, ref, options))
    if (!head || head.ContentLength !== totalSize(parts)) return undefined
    if (token !== undefined) return head.Metadata?.[TOKEN_NAME] === token ? head : undefined
    const isSame = isSameEtag(head.ETag, multipartEtag(parts))
    return isSame && (error.code === 'UPLOAD_NOT_FOUND' || (await isGone())) ? head : undefined
  } catch (failure) {
    options.signal?.throwIfAborted()
    throw outcomeUnknown(ref, error.code === 'UNAVAILABLE' ? error : failure)
  }
}

function outcomeUnknown({ path }: ObjectRef, cause: unknown): StorageError {
  const { cause: inner = cause, retryAfter = 1 } = isStorageError(cause) ? cause : {}
  const detail = `whether ${path} was committed is not known yet`
  return new StorageError('UNAVAILABLE', detail, { path, retryAfter, cause: inner })
}

/** Computes the ETag of the object that the parts become, where their own are MD5s: the MD5 of those, and their number. */
export function multipartEtag(parts: readonly Part[]): string | undefined {
  const md5 = createHash('md5')
  for (const { etag } of parts) {
    if (!/^"?[\da-f]{32}"?$/i.test(etag)) return undefined
    md5.update(Buffer.from(etag.replaceAll('"', ''), 'hex'))
  }
  return `${md5.digest('hex')}-${parts.length}`
}
