import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import {
  type CallOptions,
  StorageError,
  type WriteConditions,
  abortable,
  fileExists,
  isStorageError,
  revisionMismatch,
} from '@longshore/middleware-core'
import { omitChecksum } from '../client/omit-checksum.ts'
import { attemptsOf, isAnswered } from '../errors.ts'
import { cleanUp } from './clean-up.ts'
import type { ObjectSettings } from './settings.ts'

/** Requests that take a condition. `complete` and `put` take both, `delete` takes a revision. */
export type ConditionalRequest = 'put' | 'complete' | 'delete'

/** Fields of a conditional request. */
export interface ConditionInput {
  IfNoneMatch?: '*'
  IfMatch?: string
}

/** Times that a probe is made of which an answer was lost. */
const MAX_PROBES = 5

/** ETag that no object has. */
const NO_ETAG = '"00000000000000000000000000000000"'

/** Object of a probe. */
interface ProbeObject {
  Bucket: string
  Key: string
}

/** Requests by which a server is tried. */
export interface ProbeRequests {
  readonly settings: ObjectSettings
  /** Gives the bucket and the key of an object that nobody else uses. */
  newObject(): ProbeObject
  /** Sends a command. Errors are the contract's. */
  send(command: object, options: CallOptions): Promise<unknown>
}

/**
 * Finds out which conditions the server supports. Amazon S3 has all of them
 * ([conditional writes](https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html)); another server may
 * refuse a condition or, worse, leave it out in silence. So it is tried once, on an object of this driver's own, before the
 * first request that relies on it.
 */
export class ConditionSupport {
  readonly #requests: ProbeRequests
  readonly #isTrusted: boolean
  readonly #probes = new Map<string, Promise<boolean>>()
  readonly #refused = new Set<ConditionalRequest>()

  /** `isTrusted`: the server supports all conditions, and none is tried. */
  constructor(requests: ProbeRequests, isTrusted: boolean) {
    this.#requests = requests
    this.#isTrusted = isTrusted
  }

  /** Fields for a request's conditions, once it is certain that the server supports them; `UNSUPPORTED` otherwise. */
  async fieldsFor(
    request: ConditionalRequest,
    { ifAbsent, ifRevision }: WriteConditions,
    options: CallOptions,
  ): Promise<ConditionInput> {
    if (!ifAbsent && ifRevision === undefined) return {}
    const condition = ifAbsent ? 'If-None-Match' : 'If-Match'
    if (!(await this.supports(request, condition, options))) {
      throw new StorageError('UNSUPPORTED', `the server does not support ${condition} on ${operations[request]}`)
    }
    return ifRevision === undefined ? { IfNoneMatch: '*' } : { IfMatch: ifRevision }
  }

  /** True where the server supports a condition. Costs some requests the first time. */
  async supports(
    request: ConditionalRequest,
    condition: 'If-Match' | 'If-None-Match',
    options: CallOptions,
  ): Promise<boolean> {
    if (this.#isTrusted) return true
    const key = `${request} ${condition}`
    for (;;) {
      const known = this.#probes.get(key)
      if (!known) break
      try {
        return await abortable(known, options.signal)
      } catch (error) {
        // It was another call's probe, and ended with that call: this one makes its own.
        if (options.signal?.aborted || isStorageError(error)) throw error
      }
    }
    const probe = this.#probeUntilCertain(request, condition, options)
    this.#probes.set(key, probe)
    // A server that was out of reach said nothing of what it can do.
    probe.catch(() => this.#probes.delete(key))
    return probe
  }

  /** True once the server has refused a request because of its condition: leave conditions out that may be left out. */
  isRefused(request: ConditionalRequest): boolean {
    return this.#refused.has(request)
  }

  noteRefusal(request: ConditionalRequest): void {
    this.#refused.add(request)
  }

  /** Probes again where an answer was lost: a request that is repeated may fail because it took effect before. */
  async #probeUntilCertain(...probe: Parameters<ConditionSupport['supports']>): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#probe(...probe)
      } catch (error) {
        if (!isStorageError(error)) throw error
        const { code, cause } = error
        // Only a server that answered has said what it cannot do.
        if (!isAnswered(cause) || code === 'UNAVAILABLE' || code === 'ACCESS_DENIED') throw error
        if (attemptsOf(cause) === 1 || tries === MAX_PROBES) return false
      }
    }
  }

  /**
   * True when the server refuses a request whose condition does not hold, and takes one whose condition holds. Ceph 16 refuses
   * both on PutObject: it compares If-Match, which has quotes, with an ETag that has none.
   */
  async #probe(
    request: ConditionalRequest,
    condition: 'If-Match' | 'If-None-Match',
    options: CallOptions,
  ): Promise<boolean> {
    const object = this.#requests.newObject()
    const send: Send = command => this.#requests.send(command, options)
    const attempt = attempts[request]
    try {
      const { ETag } = (await send(
        new PutObjectCommand({ ...object, Body: new Uint8Array(), ...this.#requests.settings }),
      )) as { ETag?: string }
      const failing = condition === 'If-Match' ? { IfMatch: NO_ETAG } : { IfNoneMatch: '*' as const }
      const isRefused = await isConditionFailed(attempt(send, object, failing))
      if (!isRefused || condition === 'If-None-Match' || ETag === undefined) return isRefused
      return !(await isConditionFailed(attempt(send, object, { IfMatch: ETag })))
    } finally {
      await cleanUp(options, o => this.#requests.send(new DeleteObjectCommand(object), o))
    }
  }
}

/** True where a request ends with `PRECONDITION_FAILED`, false where it succeeds; throws what else it ends with. */
async function isConditionFailed(request: Promise<unknown>): Promise<boolean> {
  try {
    await request
    return false
  } catch (error) {
    if (isStorageError(error, 'PRECONDITION_FAILED')) return true
    throw error
  }
}

const operations: Readonly<Record<ConditionalRequest, string>> = {
  put: 'PutObject',
  complete: 'CompleteMultipartUpload',
  delete: 'DeleteObject',
}

type Send = (command: object) => Promise<unknown>

const attempts: Readonly<
  Record<ConditionalRequest, (send: Send, object: ProbeObject, failing: ConditionInput) => Promise<unknown>>
> = {
  put: (send, object, failing) => send(new PutObjectCommand({ ...object, Body: new Uint8Array(), ...failing })),
  delete: (send, object, failing) => send(new DeleteObjectCommand({ ...object, ...failing })),
  complete: async (send, object, failing) => {
    const { UploadId } = (await send(new CreateMultipartUploadCommand(object))) as { UploadId: string }
    const upload = { ...object, UploadId }
    try {
      const part = new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' })
      // The upload names no algorithm of checksums.
      omitChecksum(part)
      const { ETag } = (await send(part)) as { ETag: string }
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
      await send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload, ...failing }))
    } catch (error) {
      await send(new AbortMultipartUploadCommand(upload)).catch(() => {})
      throw error
    }
  },
}

/** Maps the error of a write whose condition does not hold. An object that is not there is of no revision, which S3 calls 404. */
export function preconditionError(error: StorageError, { ifAbsent, ifRevision }: WriteConditions, path: string): Error {
  const { code, cause } = error
  if (code === 'PRECONDITION_FAILED' && ifAbsent) return fileExists(path, { cause })
  if (ifRevision === undefined || (code !== 'PRECONDITION_FAILED' && code !== 'PATH_NOT_FOUND')) return error
  return revisionMismatch(path, { cause })
}
