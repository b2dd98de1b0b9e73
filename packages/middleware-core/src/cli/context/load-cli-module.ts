import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { importEntry } from '../../config/import-package.ts'
import type { CliContext } from './cli-context.ts'

/** Entry of a package by which it brings commands and checks of its own. */
const ENTRY = './cli'

/** Loads what a package brings; undefined where it is not installed, or brings nothing. */
export function loadCliModule(packageName: string, context: CliContext): Promise<unknown> {
  return context.load ? context.load(`${packageName}/cli`) : importEntry(packageName, ENTRY, directories())
}

/** Around this package, and around the project that the command is called in. */
function directories(): string[] {
  return [dirname(fileURLToPath(import.meta.url)), process.cwd()]
}
