import pLimit from 'p-limit'
import type { HtpasswdSettings } from '../config/auth.ts'
import { FileWatcher } from '../config/file-watcher.ts'
import { type AuthResult, type Authenticator, credentials, quoted } from './authenticator.ts'
import { PasswordCheck } from './password-check.ts'
import { PasswordFile } from './password-file.ts'

/** Password checks that may wait: some seconds' worth. */
const MAX_WAITING = 100

/** libuv's own default. */
const threads = Number(process.env['UV_THREADPOOL_SIZE']) || 4

/** Password checks at a time: half of the threads, so that wrong passwords leave some to signing, files and name lookups. */
const MAX_RUNNING = Math.max(1, Math.floor(threads / 2))

/**
 * Creates an authenticator of the users in an htpasswd file, who may do everything. A changed file counts within seconds.
 * `onError` is called when a changed file is wrong; until it is mended the one before counts.
 */
export async function createPasswordAuthenticator(
  { realm, path }: HtpasswdSettings,
  onError: (error: unknown) => void,
): Promise<Authenticator> {
  const limit = pLimit(MAX_RUNNING)
  const file = await FileWatcher.load({
    paths: [path],
    load: async () => new PasswordCheck(await PasswordFile.read(path), limit, MAX_WAITING),
    onError,
  })
  return {
    async identify(authorization) {
      const [user, password] = userAndPassword(authorization) ?? []
      if (user === undefined || password === undefined) return nobody
      return (await file.current.verify(user, password)) ? { identity: { name: user, may: () => true } } : stranger
    },
    challenge: () => `Basic ${quoted('realm', realm)}`,
    [Symbol.dispose]: () => file[Symbol.dispose](),
  }
}

const nobody: AuthResult = { error: undefined }

/** Of whom nothing is told, not even the name: passwords are typed into that field, too. */
const stranger: AuthResult = {
  error: undefined,
  refusal: { kind: 'password', reason: 'the user is not in auth.htpasswd.path, or the password is another one' },
}

/** RFC 7617. A user's name has no colon, a password may. */
function userAndPassword(authorization: string | undefined): [string, string] | undefined {
  const text = Buffer.from(credentials(authorization, 'basic') ?? '', 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)]
}
