import { randomBytes, randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type StorageDriver, keyOf } from '@longshore/middleware-core'
import type { Check, Outcome, Problem } from '@longshore/middleware-core/cli'
import { objectSettings } from '../../objects/settings.ts'
import { isNotImplemented } from '../../errors.ts'
import { omitChecksum } from '../../client/omit-checksum.ts'
import { type Refusal, describeRefusal, isDenied, orFinding, refusalOf } from './answer.ts'
import type { ExaminedBucket } from './examined-bucket.ts'
import { problems } from './problems.ts'

/** Makes the checks of what the driver has to be allowed, each with a request of its own on objects in `scratch`. */
export function permissionChecks(bucket: ExaminedBucket, storage: StorageDriver, scratch: string): Check[] {
  const { client } = bucket
  const settings = objectSettings(bucket.options)
  const Bucket = bucket.name
  const keyFor = (name: string): string => keyOf(storage, `${scratch}/${name}`)
  const prefix = `${keyOf(storage, scratch)}/`
  const Key = keyFor('object')
  const content = randomBytes(4096)
  const uploads = new Uploads(bucket, settings, keyFor)
  return [
    {
      name: 'put',
      title: 'objects can be written (s3:PutObject)',
      after: ['bucket'],
      run: abortSignal =>
        orFinding(
          'PutObject',
          () => client.send(new PutObjectCommand({ Bucket, Key, Body: content, ...settings }), { abortSignal }),
          writeProblem,
        ),
    },
    {
      name: 'get',
      title: 'objects can be read (s3:GetObject)',
      after: ['put'],
      run: abortSignal =>
        orFinding(
          'GetObject',
          async () => {
            const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=0-99' }), {
              abortSignal,
            })
            await Body?.transformToByteArray()
          },
          refusal => readProblem(refusal),
        ),
    },
    {
      name: 'list',
      title: 'objects can be listed (s3:ListBucket)',
      after: ['bucket'],
      run: abortSignal =>
        orFinding(
          'ListObjectsV2',
          () => client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, MaxKeys: 1 }), { abortSignal }),
          ifDenied(problems.listDenied),
        ),
    },
    {
      name: 'copy',
      title: 'objects can be copied',
      after: ['put', 'get'],
      run: abortSignal => {
        const CopySource = `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`
        const command = new CopyObjectCommand({ Bucket, Key: keyFor('copy'), CopySource, ...settings })
        return orFinding('CopyObject', () => client.send(command, { abortSignal }), ifDenied(problems.copyDenied))
      },
    },
    {
      name: 'multipart',
      title: 'objects can be written in parts (s3:PutObject)',
      after: ['put'],
      run: signal => orFinding('CreateMultipartUpload', () => uploads.complete(signal), writeProblem),
    },
    {
      name: 'list-parts',
      title: 'uploads can be continued (s3:ListMultipartUploadParts)',
      after: ['multipart'],
      run: signal => orFinding('ListParts', () => uploads.listParts(signal), ifDenied(problems.listPartsDenied)),
    },
    {
      name: 'abort',
      title: 'uploads can be cancelled (s3:AbortMultipartUpload)',
      after: ['multipart'],
      run: signal => orFinding('AbortMultipartUpload', () => uploads.abort(signal), ifDenied(problems.abortDenied)),
    },
    {
      name: 'sweep',
      title: 'unfinished uploads can be found (s3:ListBucketMultipartUploads)',
      after: ['bucket'],
      run: async abortSignal => {
        const command = new ListMultipartUploadsCommand({ Bucket, Prefix: prefix, MaxUploads: 1 })
        try {
          await client.send(command, { abortSignal })
          return {}
        } catch (error) {
          // Sweeps then go by the driver's own records.
          if (isNotImplemented(error)) return { skipped: 'the server lists no uploads' }
          return refused('ListMultipartUploads', error, ifDenied(problems.sweepDenied))
        }
      },
    },
    {
      name: 'delete',
      title: 'objects can be deleted (s3:DeleteObject)',
      after: ['put'],
      run: abortSignal =>
        orFinding(
          'DeleteObject',
          () => client.send(new DeleteObjectCommand({ Bucket, Key }), { abortSignal }),
          ifDenied(problems.deleteDenied),
        ),
    },
    {
      name: 'delete-batch',
      title: 'objects can be deleted many at a time (s3:DeleteObject)',
      after: ['delete'],
      run: async abortSignal => {
        const Delete = { Objects: ['copy', 'parts', 'upload'].map(name => ({ Key: keyFor(name) })), Quiet: true }
        const command = new DeleteObjectsCommand({ Bucket, Delete, ChecksumAlgorithm: 'MD5' })
        omitChecksum(command)
        try {
          const { Errors = [] } = await client.send(command, { abortSignal })
          const [first] = Errors
          if (!first) return {}
          return {
            findings: [{ problem: problems.deleteDenied, evidence: `DeleteObjects: ${first.Code}: ${first.Message}` }],
          }
        } catch (error) {
          // The driver deletes them one by one then.
          if (isNotImplemented(error) || isDenied(refusalOf(error))) {
            return { skipped: `one by one instead: ${describeRefusal('DeleteObjects', refusalOf(error))}` }
          }
          throw error
        }
      },
    },
  ]
}

function refused(
  operation: string,
  error: unknown,
  problemFor: (refusal: Refusal) => Problem | undefined,
): Promise<Outcome> {
  return orFinding(operation, () => Promise.reject(error), problemFor)
}

const ifDenied =
  (problem: Problem) =>
  (refusal: Refusal): Problem | undefined =>
    isDenied(refusal) ? (isAboutKms(refusal) ? problems.encryptionDenied : problem) : undefined

function isAboutKms({ name, message }: Refusal): boolean {
  return /kms/i.test(name) || /kms:/i.test(message)
}

const readProblem = ifDenied(problems.getDenied)

function writeProblem(refusal: Refusal): Problem | undefined {
  if (refusal.name === 'AccessControlListNotSupported') return problems.aclsDisabled
  if (isAboutKms(refusal)) return problems.encryptionDenied
  if (isDenied(refusal)) return problems.putDenied
  return refusal.status !== undefined && refusal.status < 500 ? problems.writeRefused : undefined
}

/** Multipart uploads of the checks. Whatever a check leaves unfinished is aborted by the one that tries that. */
class Uploads {
  readonly #bucket: ExaminedBucket
  readonly #settings: ReturnType<typeof objectSettings>
  readonly #keyFor: (name: string) => string

  constructor(bucket: ExaminedBucket, settings: ReturnType<typeof objectSettings>, keyFor: (name: string) => string) {
    this.#bucket = bucket
    this.#settings = settings
    this.#keyFor = keyFor
  }

  /** Writes an object of one part. */
  async complete(abortSignal: AbortSignal): Promise<void> {
    const { client } = this.#bucket
    const target = await this.#begin('parts', abortSignal)
    try {
      const part = { ...target, PartNumber: 1 }
      const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: randomBytes(1024) }), { abortSignal })
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
      await client.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload }), { abortSignal })
    } catch (error) {
      await client.send(new AbortMultipartUploadCommand(target)).catch(() => {})
      throw error
    }
  }

  async listParts(abortSignal: AbortSignal): Promise<void> {
    const { client } = this.#bucket
    const target = await this.#begin(`list-${randomUUID()}`, abortSignal)
    try {
      await client.send(new ListPartsCommand(target), { abortSignal })
    } finally {
      await client.send(new AbortMultipartUploadCommand(target)).catch(() => {})
    }
  }

  async abort(abortSignal: AbortSignal): Promise<void> {
    const target = await this.#begin(`abort-${randomUUID()}`, abortSignal)
    await this.#bucket.client.send(new AbortMultipartUploadCommand(target), { abortSignal })
  }

  async #begin(name: string, abortSignal: AbortSignal): Promise<{ Bucket: string; Key: string; UploadId: string }> {
    const target = { Bucket: this.#bucket.name, Key: this.#keyFor(name) }
    const command = new CreateMultipartUploadCommand({ ...target, ...this.#settings })
    const { UploadId = '' } = await this.#bucket.client.send(command, { abortSignal })
    return { ...target, UploadId }
  }
}
