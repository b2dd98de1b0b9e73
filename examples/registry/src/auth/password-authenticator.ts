import type { HtpasswdSettings } from '../config/auth.ts'
import { FileWatcher } from '../config/file-watcher.ts'
import { BoundedWork } from './bounded-work.ts'
import { type AuthResult, type Authenticator, credentials, quoted } from './authenticator.ts'
import { PasswordCheck } from './password-check.ts'
import { PasswordFile } from './password-file.ts'

/** How many checks may wait: some seconds' worth. */
const MAX_WAITING = 100

/** libuv's own default. */
const threads = Number(process.env['UV_THREADPOOL_SIZE']) || 4

/** Half of the threads, so that wrong passwords do not keep signing, files and look-ups of names from theirs. */
const MAX_RUNNING = Math.max(1, Math.floor(threads / 2))

/**
 * Lets in whoever is in an htpasswd file, with all rights. A changed file counts within seconds. `onProblem` is told when
 * a changed file is wrong; until it is mended the one before counts.
 */
export async function passwordAuthenticator(
  { realm, path }: HtpasswdSettings,
  onProblem: (error: unknown) => void,
): Promise<Authenticator> {
  const work = new BoundedWork({ running: MAX_RUNNING, waiting: MAX_WAITING })
  const file = await FileWatcher.load({
    paths: [path],
    load: async () => new PasswordCheck(await PasswordFile.read(path), work),
    onProblem,
  })
  return {
    async identify(authorization) {
      const [user, password] = userAndPassword(authorization) ?? []
      if (user === undefined || password === undefined) return nobody
      return (await file.current.verify(user, password)) ? { identity: { name: user, may: () => true } } : nobody
    },
    challenge: () => `Basic ${quoted('realm', realm)}`,
    [Symbol.dispose]: () => file[Symbol.dispose](),
  }
}

const nobody: AuthResult = { problem: undefined }

/** RFC 7617. A user's name has no colon, a password may. */
function userAndPassword(authorization: string | undefined): [string, string] | undefined {
  const text = Buffer.from(credentials(authorization, 'basic') ?? '', 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)]
}
