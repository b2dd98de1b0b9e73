import { RegistryError } from '../../oci/errors.ts'
import type { Body } from '../receive.ts'

/** Body that a request is receiving. */
export interface Receiving {
  /** Bytes of the upload that were stored before it. */
  readonly size: number
  /** Ends the body, together with its connection. */
  readonly stop: () => void
}

/** Lock on an upload, as long as a request holds it. */
export interface LockHandle {
  /** Set while the request waits for its client. What follows is up to the storage, and soon done. */
  receiving: Receiving | undefined
}

/** Passes a body on; meanwhile the lock's holder counts as receiving it. */
export async function* receivedBy(handle: LockHandle, receiving: Receiving, body: Body): AsyncGenerator<Buffer> {
  handle.receiving = receiving
  try {
    yield* body
  } finally {
    handle.receiving = undefined
  }
}

interface Waiter {
  start(): void
  refuse(error: Error): void
}

interface WaitQueue {
  holder: LockHandle
  readonly waiters: Waiter[]
}

/** Lock by which requests to one upload run one after another, in the order in which they came. */
export class UploadLock {
  readonly #queues = new Map<string, WaitQueue>()

  /**
   * Runs a task with the lock on an upload.
   *
   * @param maxWaitMs time to wait for the lock before the request is refused with 409. Default: no limit, and ahead of those
   * that have one.
   */
  async run<Result>(
    upload: string,
    task: (handle: LockHandle) => Promise<Result>,
    maxWaitMs?: number,
  ): Promise<Result> {
    const handle = await this.#acquire(upload, maxWaitMs)
    try {
      return await task(handle)
    } finally {
      this.#release(upload)
    }
  }

  /** The body that the lock's holder is receiving. */
  receiving(upload: string): Receiving | undefined {
    return this.#queues.get(upload)?.holder.receiving
  }

  /** Ends the body that is being received, and refuses those who wait with the error. */
  interrupt(upload: string, error: Error): void {
    const queue = this.#queues.get(upload)
    for (const waiter of queue?.waiters.splice(0) ?? []) waiter.refuse(error)
    queue?.holder.receiving?.stop()
  }

  #acquire(upload: string, maxWaitMs: number | undefined): Promise<LockHandle> | LockHandle {
    const handle: LockHandle = { receiving: undefined }
    const queue = this.#queues.get(upload)
    if (!queue) {
      this.#queues.set(upload, { holder: handle, waiters: [] })
      return handle
    }
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      const waiter: Waiter = {
        start: () => {
          clearTimeout(timer)
          queue.holder = handle
          resolve(handle)
        },
        refuse: error => {
          clearTimeout(timer)
          reject(error)
        },
      }
      if (maxWaitMs === undefined) {
        queue.waiters.unshift(waiter)
        return
      }
      queue.waiters.push(waiter)
      timer = setTimeout(() => {
        queue.waiters.splice(queue.waiters.indexOf(waiter), 1)
        reject(uploadBusy())
      }, maxWaitMs)
    })
  }

  #release(upload: string): void {
    const next = this.#queues.get(upload)?.waiters.shift()
    if (next) next.start()
    else this.#queues.delete(upload)
  }
}

function uploadBusy(): RegistryError {
  const headers = { 'retry-after': '1' }
  const message = 'another request is sending bytes of this upload'
  return new RegistryError('BLOB_UPLOAD_INVALID', message, { status: 409, headers })
}
