import { RegistryError } from '../../oci/errors.ts'
import type { Body } from '../receive.ts'

/** A body on its way. */
export interface Receiving {
  /** Bytes of the upload that were stored before it. */
  readonly size: number
  /** Ends it, together with its connection. */
  readonly stop: () => void
}

/** A request's time with an upload. */
export interface Turn {
  /** Set while the request waits for its client. What follows is a matter of the storage, and soon done. */
  receiving: Receiving | undefined
}

/** A body, during which the turn says that it is being received. */
export async function* receivedIn(turn: Turn, receiving: Receiving, body: Body): AsyncGenerator<Buffer> {
  turn.receiving = receiving
  try {
    yield* body
  } finally {
    turn.receiving = undefined
  }
}

interface Waiting {
  start(): void
  refuse(error: Error): void
}

interface Line {
  turn: Turn
  readonly waiting: Waiting[]
}

/** Lets requests to one upload work on it one after another, in the order in which they came. */
export class UploadLock {
  readonly #lines = new Map<string, Line>()

  /**
   * @param patience how many seconds to wait for the turn, before the refusal: 409. Default: as long as it takes, and
   * ahead of those whose patience ends.
   */
  async run<Result>(upload: string, task: (turn: Turn) => Promise<Result>, patience?: number): Promise<Result> {
    const turn = await this.#take(upload, patience)
    try {
      return await task(turn)
    } finally {
      this.#pass(upload)
    }
  }

  /** The body that the upload's present request is receiving. */
  receiving(upload: string): Receiving | undefined {
    return this.#lines.get(upload)?.turn.receiving
  }

  /** Ends the body that is being received, and refuses those who wait with the error. */
  interrupt(upload: string, error: Error): void {
    const line = this.#lines.get(upload)
    for (const waiting of line?.waiting.splice(0) ?? []) waiting.refuse(error)
    line?.turn.receiving?.stop()
  }

  #take(upload: string, patience: number | undefined): Promise<Turn> | Turn {
    const turn: Turn = { receiving: undefined }
    const line = this.#lines.get(upload)
    if (!line) {
      this.#lines.set(upload, { turn, waiting: [] })
      return turn
    }
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      const waiting: Waiting = {
        start: () => {
          clearTimeout(timer)
          line.turn = turn
          resolve(turn)
        },
        refuse: error => {
          clearTimeout(timer)
          reject(error)
        },
      }
      if (patience === undefined) {
        line.waiting.unshift(waiting)
        return
      }
      line.waiting.push(waiting)
      timer = setTimeout(() => {
        line.waiting.splice(line.waiting.indexOf(waiting), 1)
        reject(occupied())
      }, patience * 1000)
    })
  }

  #pass(upload: string): void {
    const next = this.#lines.get(upload)?.waiting.shift()
    if (next) next.start()
    else this.#lines.delete(upload)
  }
}

function occupied(): RegistryError {
  const headers = { 'retry-after': '1' }
  const message = 'another request is sending bytes of this upload'
  return new RegistryError('BLOB_UPLOAD_INVALID', message, { status: 409, headers })
}
