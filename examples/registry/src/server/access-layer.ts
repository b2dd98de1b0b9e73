import type { Config } from '@longshore/middleware-core'
import type { Authenticator } from '../auth/authenticator.ts'
import { createPasswordAuthenticator } from '../auth/password-authenticator.ts'
import { createTokenAuthenticator } from '../auth/token-authenticator.ts'
import type { AuthSettings } from '../config/auth.ts'
import { withLocation } from '../config/option-file.ts'
import type { RegistrySettings } from '../config/registry-settings.ts'
import { messageOf } from '../observability/error-text.ts'
import { type HttpsServers, createHttpsServers } from './https-servers.ts'

/** Authentication and HTTPS of a registry. Disposing of it stops watching their files. */
export interface AccessLayer extends Disposable {
  /** Undefined: everybody may do everything. */
  readonly authenticator: Authenticator | undefined
  /** Undefined: HTTP. */
  readonly https: HttpsServers | undefined
}

/**
 * Reads the files that `auth` and `http.tls` name. Throws a `ConfigError` for what is wrong with one. `warn` is called when
 * one that changes later is wrong.
 */
export async function openAccessLayer(
  config: Config,
  { auth, tls }: Pick<RegistrySettings, 'auth' | 'tls'>,
  warn: (message: string) => void,
): Promise<AccessLayer> {
  const onError = (error: unknown): void => warn(`${messageOf(error)}; what was there before is still in use`)
  const authenticator = auth && (await withLocation(config, () => openAuthenticator(auth, onError)))
  try {
    const https = tls && (await withLocation(config, () => createHttpsServers(tls, onError)))
    return {
      authenticator,
      https,
      [Symbol.dispose]() {
        authenticator?.[Symbol.dispose]()
        https?.[Symbol.dispose]()
      },
    }
  } catch (error) {
    authenticator?.[Symbol.dispose]()
    throw error
  }
}

function openAuthenticator(settings: AuthSettings, onError: (error: unknown) => void): Promise<Authenticator> {
  return settings.kind === 'htpasswd'
    ? createPasswordAuthenticator(settings, onError)
    : createTokenAuthenticator(settings, onError)
}
