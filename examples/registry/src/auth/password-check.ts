import { createHmac, randomBytes } from 'node:crypto'
import bcrypt from 'bcrypt'
import { LRUCache } from 'lru-cache'
import { RegistryError } from '../oci/errors.ts'
import type { BoundedWork } from './bounded-work.ts'
import type { PasswordFile } from './password-file.ts'

/** How many users' passwords are remembered as right. */
const MAX_REMEMBERED = 10_000

/**
 * Checks passwords against one state of a file. bcrypt takes long by intent, so credentials that were right are remembered
 * for as long as the file stays, under a hash with a key that only this object has.
 */
export class PasswordCheck {
  readonly #file: PasswordFile
  readonly #work: BoundedWork
  readonly #key = randomBytes(32)
  readonly #right = new LRUCache<string, true>({ max: MAX_REMEMBERED })
  readonly #underWay = new Map<string, Promise<boolean>>()

  /** `work` bounds how many checks run at a time. */
  constructor(file: PasswordFile, work: BoundedWork) {
    this.#file = file
    this.#work = work
  }

  /** Throws a `RegistryError` when too many others are waiting. */
  verify(user: string, password: string): Promise<boolean> {
    const id = createHmac('sha256', this.#key).update(`${user}:${password}`).digest('base64')
    if (this.#right.get(id)) return Promise.resolve(true)
    const same = this.#underWay.get(id)
    if (same) return same
    if (this.#work.isFull) return Promise.reject(tooMany())
    const check = this.#work.run(() => this.#compare(user, password, id)).finally(() => this.#underWay.delete(id))
    this.#underWay.set(id, check)
    return check
  }

  async #compare(user: string, password: string, id: string): Promise<boolean> {
    const found = this.#file.hashFor(user)
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
