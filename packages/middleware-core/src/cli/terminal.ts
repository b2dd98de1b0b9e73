import type { Environment } from '../config/environment.ts'
import type { LoadPackage } from '../config/find-factory.ts'

/** What the commands have of the world around them. */
export interface Terminal {
  /** Results: what another program may want to read. */
  out(text: string): void
  /** Everything else. */
  error(text: string): void
  readonly env: Environment
  /** Takes the place of the search for packages. */
  readonly load?: LoadPackage | undefined
}
