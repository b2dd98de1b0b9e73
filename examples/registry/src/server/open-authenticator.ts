import type { AuthSettings } from '../config/auth.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import { passwordAuthenticator } from '../auth/password-authenticator.ts'
import { tokenAuthenticator } from '../auth/token-authenticator.ts'

/**
 * The authenticator that a configuration wants. Throws a `ConfigError` for a file that is not there or wrong. `onProblem` is
 * told of what is wrong with a file that changes later.
 */
export async function openAuthenticator(
  settings: AuthSettings | undefined,
  onProblem: (error: unknown) => void,
): Promise<Authenticator | undefined> {
  if (settings === undefined) return undefined
  return settings.kind === 'htpasswd'
    ? passwordAuthenticator(settings, onProblem)
    : tokenAuthenticator(settings, onProblem)
}
