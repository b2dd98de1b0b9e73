import type { CommittedUpload, NewUpload, PartRequest, RequestedPart, StartedUpload, UploadStatus } from './protocol.ts'
import { UploadError } from './upload-error.ts'

/** The service's side of the protocol, as a client calls it. */
export class UploadService {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  /** `headers` go along with every request: a session's token, say. */
  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url.replace(/\/$/, '')
    this.#headers = headers
  }

  /** Starts an upload. */
  async start(file: NewUpload, signal: AbortSignal): Promise<StartedUpload> {
    return (await this.#call('POST', '', signal, file)) as StartedUpload
  }

  /** Tells how far an upload is; undefined when it is gone. */
  async status(id: string, signal: AbortSignal): Promise<UploadStatus | undefined> {
    try {
      return (await this.#call('GET', `/${id}`, signal)) as UploadStatus
    } catch (error) {
      if (error instanceof UploadError && error.status === 404) return undefined
      throw error
    }
  }

  /** Gets the request that sends a part to the storage. */
  async requestPart(id: string, part: RequestedPart, signal: AbortSignal): Promise<PartRequest> {
    const [request] = (await this.#call('POST', `/${id}/parts`, signal, [part])) as PartRequest[]
    if (!request) throw new UploadError('BAD_RESPONSE', 'the service gave no request for the part')
    return request
  }

  /** Has the service commit the upload. */
  async commit(id: string, signal: AbortSignal): Promise<CommittedUpload> {
    return (await this.#call('POST', `/${id}/commit`, signal)) as CommittedUpload
  }

  /** Has the service discard the upload. */
  async cancel(id: string): Promise<void> {
    await this.#call('DELETE', `/${id}`, new AbortController().signal)
  }

  async #call(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    })
    const text = await response.text()
    if (response.ok) return text === '' ? undefined : (JSON.parse(text) as unknown)
    const { code, message } = errorIn(text)
    throw new UploadError(
      code ?? `HTTP_${response.status}`,
      message ?? `the service answered ${response.status}`,
      response.status,
    )
  }
}

function errorIn(text: string): { code?: string; message?: string } {
  try {
    return JSON.parse(text) as { code?: string; message?: string }
  } catch {
    return {}
  }
}
