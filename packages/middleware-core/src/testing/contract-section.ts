import type { Capabilities } from '../contract/capabilities.ts'
import type { Settings } from './options.ts'
import type { TestContext } from './test-context.ts'

/** Declares one test, which gets a directory of its own. It is skipped where the driver lacks one of the capabilities. */
export type DeclareTest = (
  name: string,
  test: (context: TestContext) => Promise<void>,
  ...needs: readonly (keyof Capabilities)[]
) => void

/** Declares the tests of one operation or rule of the contract. */
export type ContractSection = (test: DeclareTest, settings: Settings) => void
