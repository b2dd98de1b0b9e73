import { describe } from '@jest/globals'
import { type Program, installCommand, isInstalled, missingPrograms } from './installed.ts'

/** Environment variable by which `.ci/run` says that nothing may be missing. */
const demandAll = 'LONGSHORE_E2E_DEMAND_ALL'

/**
 * `describe` for tests that need programs beside Node. Where one is missing they are skipped, under a name that says how to
 * have it.
 */
export function describeWith(programs: readonly Program[], name: string, define: () => void): void {
  const missing = missingPrograms(programs)
  if (missing.length === 0) {
    describe(name, define)
    return
  }
  if (process.env[demandAll]) throw new Error(`not installed: ${missing.join(', ')}`)
  const run = describe.skip
  run(`${name}. To run it: ${installCommand(missing)}`, define)
}

/** `describe` for tests that need a program that no package of Debian has. `.ci/run` does without it; `source` is how to have it. */
export function describeWithOptional(
  { command, source }: { readonly command: string; readonly source: string },
  name: string,
  define: () => void,
): void {
  if (isInstalled(command)) {
    describe(name, define)
    return
  }
  const run = describe.skip
  run(`${name}. To run it: ${source}`, define)
}
