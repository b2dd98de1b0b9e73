import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { importEntry } from '../../config/import-package.ts'
import type { Doctor } from '../doctor/check.ts'
import type { EdgeTemplates } from '../edge/templates.ts'
import type { Policies } from '../policy/policies.ts'
import type { CliContext } from './cli-context.ts'

/** Entry of a package by which it brings commands and checks of its own. */
const ENTRY = './cli'

/** Module at the entry `./cli` of a driver's or a middleware's package. */
export interface CliModule {
  /** Adds sub-commands to the command that has the name of the driver or middleware, such as `longshore cloudfront`. */
  addCommands?(group: Command, context: CliContext): void
  /** Checks for `longshore doctor`. */
  readonly doctor?: Doctor
  /** Templates for `longshore edge`. */
  readonly edge?: EdgeTemplates
  /** Documents for `longshore policy`. */
  readonly policies?: Policies
}

/** Loads what a package brings; nothing where it is not installed, or has no such entry. */
export async function loadCliModule<Module = CliModule>(
  packageName: string,
  context: CliContext,
): Promise<Partial<Module>> {
  const { load } = context
  return Object(await (load ? load(`${packageName}/cli`) : importEntry(packageName, ENTRY, directories())))
}

/** Around this package, and around the project that the command is called in. */
function directories(): string[] {
  return [dirname(fileURLToPath(import.meta.url)), process.cwd()]
}
