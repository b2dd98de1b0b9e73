import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/** Name of an upload. */
export interface UploadName {
  readonly repository: string
  readonly id: string
}

/** Makes a key of an upload's name. */
export function keyOf({ repository, id }: UploadName): string {
  return `${repository}:${id}`
}

/** State of an upload when a client was told how to continue it. */
export interface UploadState {
  /** Bytes at that time. */
  readonly offset: number
  /** Time at which it began. Of the states of this registry only an upload's first one has it. */
  readonly startedAt?: Date | undefined
  /** True when nothing but `startedat` and `data` is in its directory: no other kind of server has written there. */
  readonly isOurs: boolean
}

const MAC_BYTES = 32
const SERVER_NAME = 'longshore'

/** Distribution's names. It ignores `Server`, which it does not know, and leaves it out of its own states. */
const schema = z.object({
  Name: z.string(),
  UUID: z.string(),
  Offset: z.number().int().min(0),
  StartedAt: z.iso.datetime({ offset: true }).optional(),
  Server: z.string().optional(),
})

/**
 * Codec of the `_state` in an upload's URL, in Distribution's form: base64url of an HMAC-SHA256 under `http.secret` and of
 * the JSON that it signs. It is a hint that saves requests to the storage. A client need not send it back, and may send an
 * old one.
 */
export class UploadStates {
  readonly #secret: string | Uint8Array

  constructor(secret: string | Uint8Array) {
    this.#secret = secret
  }

  sign({ repository, id }: UploadName, { offset, startedAt, isOurs }: UploadState): string {
    const state: z.input<typeof schema> = {
      Name: repository,
      UUID: id,
      Offset: offset,
      StartedAt: startedAt?.toISOString(),
      ...(isOurs ? { Server: SERVER_NAME } : {}),
    }
    const json = Buffer.from(JSON.stringify(state))
    const text = Buffer.concat([this.#mac(json), json]).toString('base64url')
    // Go wants the padding.
    return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
  }

  /** Reads a state; undefined when it was not signed with this secret or is of another upload. */
  verify({ repository, id }: UploadName, text: string | undefined): UploadState | undefined {
    const bytes = Buffer.from(text ?? '', 'base64url')
    const json = bytes.subarray(MAC_BYTES)
    if (bytes.length <= MAC_BYTES || !timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.#mac(json))) return undefined
    const { data } = schema.safeParse(JSON.parse(json.toString()))
    if (data?.Name !== repository || data.UUID !== id) return undefined
    const startedAt = data.StartedAt === undefined ? undefined : new Date(data.StartedAt)
    return { offset: data.Offset, startedAt, isOurs: data.Server === SERVER_NAME }
  }

  #mac(json: Uint8Array): Buffer {
    return createHmac('sha256', this.#secret).update(json).digest()
  }
}
