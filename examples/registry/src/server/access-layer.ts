import type { Config } from '@longshore/middleware-core'
import type { Authenticator } from '../auth/authenticator.ts'
import { openAuthenticator } from './open-authenticator.ts'
import type { RegistrySettings } from '../config/registry-settings.ts'
import { withLocation } from '../config/with-location.ts'
import { type HttpsServers, httpsServers } from './https-servers.ts'
import { messageOf } from '../observability/error-text.ts'

/** How clients come in. Dispose of it to let go of its files. */
export interface AccessLayer extends Disposable {
  /** Undefined: everybody may do everything. */
  readonly authenticator: Authenticator | undefined
  /** Undefined: HTTP. */
  readonly https: HttpsServers | undefined
}

/**
 * Reads the files that `auth` and `http.tls` name. Throws a `ConfigError` for what is wrong with one. `warn` is told of what
 * is wrong with one that changes later.
 */
export async function openAccessLayer(
  config: Config,
  { auth, tls }: Pick<RegistrySettings, 'auth' | 'tls'>,
  warn: (message: string) => void,
): Promise<AccessLayer> {
  const onProblem = (error: unknown): void => warn(`${messageOf(error)}; what was there before is still in use`)
  const authenticator = await withLocation(config, () => openAuthenticator(auth, onProblem))
  try {
    const https = tls && (await withLocation(config, () => httpsServers(tls, onProblem)))
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
