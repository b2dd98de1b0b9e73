import { createHmac, randomBytes } from 'node:crypto'
import bcrypt from 'bcrypt'
import { LRUCache } from 'lru-cache'
import type { LimitFunction } from 'p-limit'
import { RegistryError } from '../oci/errors.ts'
import type { PasswordFile } from './password-file.ts'

/** Right passwords remembered at most. */
const MAX_REMEMBERED = 10_000

/**
 * Checks passwords against one state of a file. bcrypt takes long by intent, so credentials that were right are remembered
 * for as long as the file stays, under a hash with a key that only this object has.
 */
export class PasswordCheck {
  readonly #file: PasswordFile
  readonly #limit: LimitFunction
  readonly #maxWaiting: number
  readonly #key = randomBytes(32)
  readonly #right = new LRUCache<string, true>({ max: MAX_REMEMBERED })
  readonly #underWay = new Map<string, Promise<boolean>>()

  /**
   * @param limit bounds how many checks run at a time
   * @param maxWaiting checks that may wait for it, those of others included
   */
  constructor(file: PasswordFile, limit: LimitFunction, maxWaiting: number) {
    this.#file = file
    this.#limit = limit
    this.#maxWaiting = maxWaiting
  }

  /** Checks a password. Rejects with a `RegistryError` when too many others are waiting. */
  verify(user: string, password: string): Promise<boolean> {
    const id = createHmac('sha256', this.#key).update(`${user}:${password}`).digest('base64')
    if (this.#right.get(id)) return Promise.resolve(true)
    const same = this.#underWay.get(id)
    if (same) return same
    if (this.#isFull()) return Promise.reject(tooMany())
    const check = this.#limit(() => this.#compare(user, password, id)).finally(() => this.#underWay.delete(id))
    this.#underWay.set(id, check)
    return check
  }

  #isFull(): boolean {
    const { activeCount, pendingCount, concurrency } = this.#limit
    return activeCount + pendingCount >= concurrency + this.#maxWaiting
  }

  async #compare(user: string, password: string, id: string): Promise<boolean> {
    const found = this.#file.hashOf(user)
    if (!found) return false
    const isRight = (await bcrypt.compare(password, found.hash)) && found.isOfUser
    if (isRight) this.#right.set(id, true)
    return isRight
  }
}

function tooMany(): RegistryError {
  const headers = { 'retry-after': '1' }
  return new RegistryError('TOOMANYREQUESTS', 'too many passwords are being checked; try again', { headers })
}
