import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../../config/environment.ts'
import type { LoadPackage } from '../../config/find-factory.ts'

/** Surroundings of the commands: input, output, environment and packages. */
export interface CliContext {
  /** Prints a result, which another program may read. */
  out(text: string): void
  /** Prints everything else. */
  error(text: string): void
  /** Input for a file that is copied from `-`. */
  readonly stdin: Readable
  /** Output for the bytes of files. It is never ended. */
  readonly stdout: Writable
  /** Width of the terminal that {@link CliContext.error} prints to; undefined when it is none. */
  readonly columns?: number | undefined
  /** True where {@link CliContext.out} shows colours: a terminal, unless `NO_COLOR` is set. */
  readonly hasColors?: boolean | undefined
  /** Fires when the command is to stop; its reason is an {@link Interruption}. */
  readonly signal: AbortSignal
  readonly env: Environment
  /** Takes the place of the search for packages. */
  readonly load?: LoadPackage | undefined
}

/** Stop from outside: a signal of the system, or a reader of the output that has gone. */
export class Interruption extends Error {
  override readonly name = 'Interruption'
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}
