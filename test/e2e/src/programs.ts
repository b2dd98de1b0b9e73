import { describe } from '@jest/globals'
import { type Program, installCommand, missingPrograms } from './installed.ts'

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
