import { PutObjectCommand, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import {
  type Resolved,
  StorageError,
  type UploadForm,
  type UploadFormOptions,
  type UploadRequest,
  type UploadUrlOptions,
} from '@longshore/middleware-core'
import type { Bucket, ObjectRef } from '../bucket.ts'
import { presignForm } from '../client/presign-form.ts'
import { type PresignedRequest, presignRequest } from '../client/presign-request.ts'
import { serverTime, urlLifetime } from '../client/url-lifetime.ts'
import { s3Error } from '../errors.ts'
import { metadataInput } from '../objects/metadata.ts'

/** Largest object that one PUT or one form makes: 5 GiB ([S3 quotas](https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)). */
const MAX_SINGLE_PUT = 5 * 1024 ** 3

/** One part of a direct upload to sign for. */
export interface PartToSign {
  readonly uploadId: string
  readonly number: number
  /** Bytes. */
  readonly size: number
  readonly sha256: string | undefined
  readonly expiresIn: number | undefined
}

/**
 * Signs requests with which clients store bytes themselves: no request is made. The signature covers the length, the type and
 * all other headers. A SHA-256 goes out twice: as `x-amz-checksum-sha256`, which S3 checks and keeps, and as the hash of the
 * payload in the signature, which older servers check, too.
 */
export class UploadSigner {
  readonly #bucket: Bucket
  readonly #client: S3Client
  readonly #maxLifetimeMs: number

  /** `client` is the one whose endpoint the URLs name. */
  constructor(bucket: Bucket, client: S3Client, maxLifetimeMs: number) {
    this.#bucket = bucket
    this.#client = client
    this.#maxLifetimeMs = maxLifetimeMs
  }

  signPut({ key, path }: ObjectRef, options: Resolved<UploadUrlOptions>): Promise<UploadRequest> {
    assertSinglePut(options.size, path)
    const command = new PutObjectCommand({
      Bucket: this.#bucket.name,
      Key: key,
      ...this.#bucket.settings,
      ...metadataInput(options.metadata),
      ContentLength: options.size,
      ...(options.sha256 === undefined ? {} : { ChecksumSHA256: base64Of(options.sha256) }),
      ...(options.ifAbsent ? { IfNoneMatch: '*' } : {}),
    })
    return this.#sign(path, options, signing => presignRequest(this.#client, command, signing))
  }

  signPart({ key, path }: ObjectRef, { uploadId, number, size, ...options }: PartToSign): Promise<UploadRequest> {
    // The upload names no algorithm of checksums, so a part may carry none: the hash is in the signature alone.
    const command = new UploadPartCommand({
      Bucket: this.#bucket.name,
      Key: key,
      UploadId: uploadId,
      PartNumber: number,
      ContentLength: size,
    })
    return this.#sign(path, options, signing => presignRequest(this.#client, command, signing))
  }

  async signForm({ key, path }: ObjectRef, options: Resolved<UploadFormOptions>): Promise<UploadForm> {
    const { min = 0, max } = options.size
    assertSinglePut(max, path)
    if (key.includes('${filename}')) {
      const detail =
        "S3 puts the name of the browser's file in the place of ${filename} in a key; accepted: other names"
      throw new StorageError('INVALID_PATH', detail, { path })
    }
    try {
      const seconds = await urlLifetime(this.#client, this.#maxLifetimeMs, options.expiresIn)
      const signedAt = serverTime(this.#client)
      const expiresAt = new Date(signedAt.getTime() + seconds * 1000)
      const fields = formFields({ ...this.#bucket.settings, ...metadataInput(options.metadata) })
      const form = { bucket: this.#bucket.name, key, fields, size: { min, max }, signedAt, expiresAt }
      return { method: 'POST', ...(await presignForm(this.#client, form)), expiresAt }
    } catch (error) {
      throw s3Error(error, path)
    }
  }

  async #sign(
    path: string,
    { expiresIn, sha256 }: { expiresIn?: number | undefined; sha256?: string | undefined },
    presign: (signing: Parameters<typeof presignRequest>[2]) => Promise<PresignedRequest>,
  ): Promise<UploadRequest> {
    try {
      const seconds = await urlLifetime(this.#client, this.#maxLifetimeMs, expiresIn)
      const signingDate = serverTime(this.#client)
      const signed = await presign({ expiresIn: seconds, signingDate, payloadHash: sha256?.toLowerCase() })
      const expiresAt = new Date((Math.floor(signingDate.getTime() / 1000) + seconds) * 1000)
      return { method: 'PUT', ...signed, expiresAt }
    } catch (error) {
      throw s3Error(error, path)
    }
  }
}

function assertSinglePut(size: number, path: string): void {
  if (size <= MAX_SINGLE_PUT) return
  const detail = `invalid size: ${size}; accepted: up to ${MAX_SINGLE_PUT} bytes in one request, more with directUpload`
  throw new StorageError('INVALID_ARGUMENT', detail, { path })
}

function base64Of(hexadecimal: string): string {
  return Buffer.from(hexadecimal, 'hex').toString('base64')
}

/** Form fields are the headers of a PUT, by their names on the wire. */
const fieldNames = {
  ContentType: 'Content-Type',
  CacheControl: 'Cache-Control',
  ContentDisposition: 'Content-Disposition',
  ContentEncoding: 'Content-Encoding',
  ContentLanguage: 'Content-Language',
  StorageClass: 'x-amz-storage-class',
  ServerSideEncryption: 'x-amz-server-side-encryption',
  SSEKMSKeyId: 'x-amz-server-side-encryption-aws-kms-key-id',
  ACL: 'acl',
} as const

function formFields(
  input: Partial<Record<keyof typeof fieldNames, string>> & { Metadata?: Record<string, string> },
): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [name, field] of Object.entries(fieldNames)) {
    const value = input[name as keyof typeof fieldNames]
    if (value !== undefined) fields[field] = value
  }
  for (const [name, value] of Object.entries(input.Metadata ?? {})) fields[`x-amz-meta-${name}`] = value
  return fields
}
