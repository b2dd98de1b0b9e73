import { assertFails } from '../assertions.ts'
import type { ContractSection } from '../contract-section.ts'
import { calls } from './calls.ts'

/** Tests of calls on a path where nothing is. */
export const testErrors: ContractSection = test => {
  for (const { name, run } of calls.filter(call => call.needsPath)) {
    test(`${name} says that nothing is there, and where`, async ({ driver, at }) => {
      for (const missing of ['missing', 'missing/child']) {
        await assertFails(run(driver, at(missing), at('elsewhere')), 'PATH_NOT_FOUND', { driver, path: at(missing) })
      }
    })
  }
}
