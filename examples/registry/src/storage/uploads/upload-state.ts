import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/** Which upload, of which repository. */
export interface UploadName {
  readonly repository: string
  readonly id: string
}

/** An upload's name as a key. */
export function keyOf({ repository, id }: UploadName): string {
  return `${repository}:${id}`
}

/** Where an upload stood when a client was told how to go on with it. */
export interface UploadState {
  /** Bytes by then. */
  readonly offset: number
  /** When it began. Of the states of this registry only an upload's first one has it. */
  readonly startedAt?: Date | undefined
  /** Nothing but `startedat` and `data` is in its directory: no other kind of server has written there. */
  readonly isOurs: boolean
}

const macLength = 32
const ours = 'longshore'

/** The names are those of Distribution, which ignores the one that it does not know and leaves it out of its own. */
const schema = z.object({
  Name: z.string(),
  UUID: z.string(),
  Offset: z.number().int().min(0),
  StartedAt: z.iso.datetime({ offset: true }).optional(),
  Server: z.string().optional(),
})

/**
 * The `_state` in an upload's URL, in Distribution's form: base64url of an HMAC-SHA256 under `http.secret` and of the JSON
 * that it signs. It is a hint that saves questions to the storage. A client need not send it back, and may send an old one.
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
      ...(isOurs ? { Server: ours } : {}),
    }
    const json = Buffer.from(JSON.stringify(state))
    const text = Buffer.concat([this.#mac(json), json]).toString('base64url')
    // Go wants the padding.
    return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
  }

  /** What a state says, or undefined when it was not signed with this secret or is of another upload. */
  verify({ repository, id }: UploadName, text: string | undefined): UploadState | undefined {
    const bytes = Buffer.from(text ?? '', 'base64url')
    const json = bytes.subarray(macLength)
    if (bytes.length <= macLength || !timingSafeEqual(bytes.subarray(0, macLength), this.#mac(json))) return undefined
    const { data } = schema.safeParse(JSON.parse(json.toString()))
    if (data?.Name !== repository || data.UUID !== id) return undefined
    const startedAt = data.StartedAt === undefined ? undefined : new Date(data.StartedAt)
    return { offset: data.Offset, startedAt, isOurs: data.Server === ours }
  }

  #mac(json: Uint8Array): Buffer {
    return createHmac('sha256', this.#secret).update(json).digest()
  }
}
