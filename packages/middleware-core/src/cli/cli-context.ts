import type { Environment } from '../config/environment.ts'
import type { LoadPackage } from '../config/find-factory.ts'

/** Surroundings of the commands: output, environment and packages. */
export interface CliContext {
  /** Prints a result, which another program may read. */
  out(text: string): void
  /** Prints everything else. */
  error(text: string): void
  readonly env: Environment
  /** Takes the place of the search for packages. */
  readonly load?: LoadPackage | undefined
}
