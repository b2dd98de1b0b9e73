import type { Config } from '@longshore/middleware-core'
import type { Gatekeeper } from '../access/gatekeeper.ts'
import { openGatekeeper } from '../access/open-gatekeeper.ts'
import type { RegistrySettings } from '../config/registry-settings.ts'
import { withLocation } from '../config/with-location.ts'
import { type HttpsServers, httpsServers } from '../http/https-servers.ts'
import { messageOf } from '../operations/error-text.ts'

/** How clients come in. Dispose of it to let go of its files. */
export interface Entrance extends Disposable {
  /** Undefined: everybody may do everything. */
  readonly gatekeeper: Gatekeeper | undefined
  /** Undefined: HTTP. */
  readonly https: HttpsServers | undefined
}

/**
 * Reads the files that `auth` and `http.tls` name. Throws a `ConfigError` for what is wrong with one. `warn` is told of what
 * is wrong with one that changes later.
 */
export async function openEntrance(
  config: Config,
  { auth, tls }: Pick<RegistrySettings, 'auth' | 'tls'>,
  warn: (message: string) => void,
): Promise<Entrance> {
  const onProblem = (error: unknown): void => warn(`${messageOf(error)}; what was there before is still in use`)
  const gatekeeper = await withLocation(config, () => openGatekeeper(auth, onProblem))
  try {
    const https = tls && (await withLocation(config, () => httpsServers(tls, onProblem)))
    return {
      gatekeeper,
      https,
      [Symbol.dispose]() {
        gatekeeper?.[Symbol.dispose]()
        https?.[Symbol.dispose]()
      },
    }
  } catch (error) {
    gatekeeper?.[Symbol.dispose]()
    throw error
  }
}
