import type { AuthSettings } from '../config/auth.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import { passwordGatekeeper } from './password-gatekeeper.ts'
import { tokenGatekeeper } from './token-gatekeeper.ts'

/**
 * The gatekeeper that a configuration wants. Throws a `ConfigError` for a file that is not there or wrong. `onProblem` is
 * told of what is wrong with a file that changes later.
 */
export async function openGatekeeper(
  settings: AuthSettings | undefined,
  onProblem: (error: unknown) => void,
): Promise<Gatekeeper | undefined> {
  if (settings === undefined) return undefined
  return settings.kind === 'htpasswd' ? passwordGatekeeper(settings, onProblem) : tokenGatekeeper(settings, onProblem)
}
