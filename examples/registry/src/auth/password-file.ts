import { createHmac, randomBytes } from 'node:crypto'
import { fileError, readOptionFile } from '../config/option-file.ts'

const option = ['auth', 'htpasswd', 'path']

/** Costs that `htpasswd -C` gives. Each one more doubles the time that a check takes. */
const MIN_COST = 4
const MAX_COST = 17

/** Users and the bcrypt hashes of their passwords, as `htpasswd -B` writes them. */
export class PasswordFile {
  readonly #hashes: ReadonlyMap<string, string>
  readonly #order: readonly string[]
  readonly #secret = randomBytes(32)

  private constructor(hashes: ReadonlyMap<string, string>) {
    this.#hashes = hashes
    this.#order = [...hashes.values()]
  }

  /** Throws a `ConfigError` when there is no such file, or something else in it. */
  static async read(path: string): Promise<PasswordFile> {
    const remedy = `make one with htpasswd -Bc ${path} <user>`
    return PasswordFile.parse(await readOptionFile(option, path, remedy), path)
  }

  /** Throws a `ConfigError` that names the wrong lines, but shows nothing of them. `path` is what it calls the file. */
  static parse(content: string, path: string): PasswordFile {
    const hashes = new Map<string, string>()
    const wrong: number[] = []
    for (const [index, line] of content.split('\n').entries()) {
      const text = line.trim()
      if (text === '' || text.startsWith('#')) continue
      const entry = parseEntry(text)
      if (!entry || hashes.has(entry.user)) wrong.push(index + 1)
      else hashes.set(entry.user, entry.hash)
    }
    if (wrong.length > 0) {
      const lines = `line${wrong.length > 1 ? 's' : ''} ${wrong.join(', ')}`
      const accepted = 'one line for each user with a bcrypt hash, such as htpasswd -nB <user> prints'
      throw fileError(option, path, `${lines}: no entry of that kind, or the second of a user; accepted: ${accepted}`)
    }
    return new PasswordFile(hashes)
  }

  /**
   * Gives the hash to check a password against. For a user who is not there it is always the same one of another user, so
   * that checking takes as long and tells nothing. Undefined when the file has no users.
   */
  hashOf(user: string): { hash: string; isOfUser: boolean } | undefined {
    const own = this.#hashes.get(user)
    if (own !== undefined) return { hash: own, isOfUser: true }
    const choice = createHmac('sha256', this.#secret).update(user).digest().readUInt32BE()
    const other = this.#order[choice % this.#order.length]
    return other === undefined ? undefined : { hash: other, isOfUser: false }
  }
}

function parseEntry(text: string): { user: string; hash: string } | undefined {
  const colon = text.indexOf(':')
  const [, , cost, rest] = /^\$2([aby])\$(\d\d)\$([./A-Za-z0-9]{53})$/.exec(text.slice(colon + 1)) ?? []
  if (colon < 1 || rest === undefined || Number(cost) < MIN_COST || Number(cost) > MAX_COST) return undefined
  // Three names of one algorithm; htpasswd's own, 2y, is not known to everybody.
  return { user: text.slice(0, colon), hash: `$2b$${cost}$${rest}` }
}
