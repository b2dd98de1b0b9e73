import type { DirectUpload } from '../contract/direct-upload.ts'
import { isStorageError } from '../contract/errors.ts'
import type { NewFileMetadata } from '../contract/metadata.ts'
import type { StorageDriver } from '../contract/storage-driver.ts'
import {
  type CommittedUpload,
  MAX_REQUESTED_PARTS,
  type NewUpload,
  type PartRequest,
  type StartedUpload,
  type UploadStatus,
  type RequestedPart,
} from '../upload-client/protocol.ts'
import type { WebHandler } from './node-http.ts'
import { statusOf } from './status-of.ts'
import { decodeUploadName, encodeUploadName } from './upload-name.ts'

export type { CommittedUpload, NewUpload, StartedUpload, UploadStatus } from '../upload-client/protocol.ts'
export { type WebHandler, serveNodeRequest } from './node-http.ts'

/** Path and metadata that a service chooses for a client's file. */
export interface UploadTarget {
  /** Path of the file in the storage. */
  path: string
  metadata?: NewFileMetadata | undefined
}

/** Options of {@link createUploadService}. */
export interface UploadServiceOptions {
  /** Path of the URL below which the service answers, such as `/uploads`. */
  basePath: string
  /**
   * Chooses the path of a new file. Throws an `UploadRefusedError` when the client may not upload it; this is the place to check
   * who asks, the size and the type.
   */
  targetFor(file: NewUpload, request: Request): UploadTarget | Promise<UploadTarget>
  /** Decides whether the sender of a request may work on the upload to `path`. Default: whoever knows its id. */
  isAllowed?(path: string, request: Request): boolean | Promise<boolean>
  /** Called once a file is committed, before the client is told. */
  onCommit?(file: CommittedUpload, request: Request): void | Promise<void>
  /** Seconds that the URL of a part works. Default: the driver's own setting. */
  expiresIn?: number | undefined
}

/** Refusal that the client is told, with an HTTP status of its own. Default 403. */
export class UploadRefusedError extends Error {
  override readonly name = 'UploadRefusedError'
  readonly status: number

  constructor(message: string, status = 403) {
    super(message)
    this.status = status
  }
}

/**
 * Makes the service's side of direct uploads: a function from a web `Request` to its `Response`, or to undefined where the
 * URL is not below `basePath`. It moves no bytes of files.
 *
 * @example
 * const uploads = createUploadService(storage, { basePath: '/uploads', targetFor: ({ name }) => ({ path: `/inbox/${name}` }) })
 * const response = await uploads(request)
 */
export function createUploadService(storage: StorageDriver, options: UploadServiceOptions): WebHandler {
  const base = options.basePath.replace(/\/$/, '')
  return async request => {
    const { pathname } = new URL(request.url)
    if (pathname !== base && !pathname.startsWith(`${base}/`)) return undefined
    const [name, action, ...rest] = pathname.slice(base.length + 1).split('/')
    try {
      if (rest.length > 0) return jsonResponse(404, { code: 'NOT_FOUND', message: 'no such URL' })
      return await route(storage, options, request, name ?? '', action)
    } catch (error) {
      return errorResponse(error)
    }
  }
}

async function route(
  storage: StorageDriver,
  options: UploadServiceOptions,
  request: Request,
  name: string,
  action: string | undefined,
): Promise<Response> {
  if (name === '' && action === undefined) {
    if (request.method !== 'POST') return notAllowed('POST')
    return jsonResponse(201, await start(storage, options, request))
  }
  const { path, id } = decodeUploadName(name)
  if (options.isAllowed && !(await options.isAllowed(path, request))) {
    throw new UploadRefusedError('not allowed to work on this upload')
  }
  switch (`${request.method} ${action ?? ''}`) {
    case 'GET ':
      return jsonResponse(200, await status(await storage.directUpload(path, { id }), name))
    case 'POST parts':
      return jsonResponse(200, await signParts(await storage.directUpload(path, { id }), options, request))
    case 'POST commit':
      return jsonResponse(200, await commit(storage, path, id, options, request))
    case 'DELETE ':
      await cancel(storage, path, id)
      return new Response(null, { status: 204 })
    default:
      return notAllowed(action === undefined ? 'GET, DELETE' : 'POST')
  }
}

async function start(storage: StorageDriver, options: UploadServiceOptions, request: Request): Promise<StartedUpload> {
  const file = parseNewUpload(await json(request))
  const { path, metadata } = await options.targetFor(file, request)
  const { size } = file
  const { id, partSize } = await storage.directUpload(path, { size, metadata })
  return { id: encodeUploadName({ path, id }), partSize }
}

async function status(upload: DirectUpload, id: string): Promise<UploadStatus> {
  const { size, partSize } = upload
  return { id, size, partSize, parts: await upload.parts() }
}

async function signParts(
  upload: DirectUpload,
  { expiresIn }: UploadServiceOptions,
  request: Request,
): Promise<PartRequest[]> {
  const requested = parseRequestedParts(await json(request))
  return Promise.all(
    requested.map(async ({ number, sha256 }) => {
      const { url, headers } = await upload.partUrl(number, { sha256, expiresIn })
      return { url, headers }
    }),
  )
}

/** Commits an upload. A client whose first request got no response sends it again: then the file is there, and the upload is not. */
async function commit(
  storage: StorageDriver,
  path: string,
  id: string,
  options: UploadServiceOptions,
  request: Request,
): Promise<CommittedUpload> {
  const upload = await storage.directUpload(path, { id })
  await upload.commit()
  const committed = { path, size: upload.size }
  await options.onCommit?.(committed, request)
  return committed
}

async function cancel(storage: StorageDriver, path: string, id: string): Promise<void> {
  try {
    const upload = await storage.directUpload(path, { id })
    await upload.cancel()
  } catch (error) {
    if (!isStorageError(error, 'UPLOAD_NOT_FOUND')) throw error
  }
}

async function json(request: Request): Promise<unknown> {
  try {
    return await request.json()
  } catch {
    throw new UploadRefusedError('the body is not JSON', 400)
  }
}

function parseNewUpload(body: unknown): NewUpload {
  const { name, size, type = '' } = (body ?? {}) as Partial<NewUpload>
  if (typeof name === 'string' && name !== '' && Number.isSafeInteger(size) && typeof type === 'string') {
    return { name, size: size as number, type }
  }
  throw new UploadRefusedError('accepted: { "name": a text, "size": bytes, "type": a media type }', 400)
}

function parseRequestedParts(body: unknown): RequestedPart[] {
  const isRequestedPart = (part: unknown): boolean => {
    const { number, sha256 } = (part ?? {}) as Partial<RequestedPart>
    return Number.isSafeInteger(number) && typeof sha256 === 'string'
  }
  if (Array.isArray(body) && body.length <= MAX_REQUESTED_PARTS && body.every(isRequestedPart))
    return body as RequestedPart[]
  const accepted = `a list of up to ${MAX_REQUESTED_PARTS} of { "number": the part's, "sha256": 64 hexadecimal digits }`
  throw new UploadRefusedError(`accepted: ${accepted}`, 400)
}

function jsonResponse(httpStatus: number, body: unknown): Response {
  return Response.json(body, { status: httpStatus, headers: { 'cache-control': 'no-store' } })
}

function notAllowed(methods: string): Response {
  return Response.json(
    { code: 'METHOD_NOT_ALLOWED', message: `accepted: ${methods}` },
    { status: 405, headers: { allow: methods } },
  )
}

function errorResponse(error: unknown): Response {
  if (error instanceof UploadRefusedError)
    return jsonResponse(error.status, { code: 'REFUSED', message: error.message })
  if (!isStorageError(error)) throw error
  const httpStatus = statusOf(error.code)
  // Details of the storage are for the service's log, not for its clients.
  if (httpStatus >= 500) return jsonResponse(httpStatus, { code: error.code, message: 'the storage cannot do it now' })
  return jsonResponse(httpStatus, { code: error.code, message: error.detail })
}
