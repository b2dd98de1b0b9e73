import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Blob } from './blob.ts'

/**
 * How a client sends a blob after its POST. `put`: in the PUT that commits it, as containerd and oras do. `patch`: in a
 * PATCH before that, as docker and skopeo do.
 */
export type PushStyle = 'put' | 'patch'

/** Seconds. */
export interface PushTimes {
  /** From the first request to the last answer. */
  readonly total: number
  /** The PUT alone. */
  readonly commit: number
}

/** Pushes blobs over connections that are kept alive. */
export class Pusher implements AsyncDisposable {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #authority: string

  constructor(authority: string) {
    this.#authority = authority
  }

  /** Pushes one blob: HEAD, POST, and what the style says. */
  async push(repository: string, blob: Blob, style: PushStyle): Promise<PushTimes> {
    const begun = performance.now()
    await this.#send('HEAD', `/v2/${repository}/blobs/${blob.digest}`, 404)
    const { headers } = await this.#send('POST', `/v2/${repository}/blobs/uploads/`, 202)
    let upload = this.#resolve(headers.location)
    if (style === 'patch') upload = this.#resolve((await this.#send('PATCH', upload.href, 202, blob)).headers.location)
    upload.searchParams.set('digest', blob.digest)
    const committing = performance.now()
    await this.#send('PUT', upload.href, 201, style === 'put' ? blob : undefined)
    const ended = performance.now()
    return { total: (ended - begun) / 1000, commit: (ended - committing) / 1000 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
  }

  #resolve(location: string | undefined): URL {
    return new URL(location ?? '', `http://${this.#authority}`)
  }

  async #send(method: string, path: string, expected: number, blob?: Blob): Promise<IncomingMessage> {
    const headers: OutgoingHttpHeaders = { 'content-length': blob?.size ?? 0 }
    if (blob) headers['content-type'] = 'application/octet-stream'
    const outgoing = request(this.#resolve(path), { method, headers, agent: this.#agent })
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject)
    })
    // An answer to half a body tells more than the broken pipe.
    if (blob) pipeline(blob.body(), outgoing).catch(() => {})
    else outgoing.end()
    const answer = await answered
    const content = (await answer.toArray()) as Buffer[]
    if (answer.statusCode === expected) return answer
    throw new Error(`${method} ${path}: ${answer.statusCode} ${Buffer.concat(content).toString()}`)
  }
}
